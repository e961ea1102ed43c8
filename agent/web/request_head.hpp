// A request's first line and headers, once they could be read: do they make a request that is served here?
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "web/content.hpp"

namespace docksweep::web {

// What is wrong with it, as the answer; fills in what.path and what.query from `target`, which has `most_bytes` at
// most. `version` is 10 or 11.
std::optional<response> fault_in_head(std::string_view target, unsigned version, std::size_t most_bytes, request& what);

}  // namespace docksweep::web
