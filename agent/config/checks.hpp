// What must hold between keys: pairs that belong together, names that must differ, policies that contradict themselves.
#pragma once

#include "config/reader.hpp"
#include "config/settings.hpp"

namespace docksweep::config {

void check_across_keys(const settings& all, reader& where);

}  // namespace docksweep::config
