// The `filters` parameter of listings.
#pragma once

#include <string>

#include "app/engine.hpp"

namespace docksweep::engine {

// {"dangling":["true"],"reference":["a*","b*"]}: values of one name are alternatives. Docker 20.10 knows no 1 or 0 as a
// truth value, so these become true and false where the filter is one.
std::string encode_filters(const app::engine_filters& filters);

}  // namespace docksweep::engine
