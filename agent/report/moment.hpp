// Moments as people write them, for `--since` and `?since=`.
#pragma once

#include <string_view>

#include "core/quantity.hpp"

namespace docksweep::report {

// How long ago ("7d", "1h30m"), a day ("2026-11-20", from its start in UTC), or RFC 3339 ("2026-11-20T14:00:00Z",
// "…+01:00", fractions allowed), from 1970 to 2261; longer ago than 1970 is 1970. A fault says what is allowed.
core::parsed<core::instant> parse_since(std::string_view text, core::instant now);

}  // namespace docksweep::report
