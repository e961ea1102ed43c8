// Moments as the Engine API, Alertmanager and people write them: RFC 3339, section 5.6 ("2026-11-20T14:00:00.5+01:00").
#pragma once

#include <optional>
#include <string_view>

#include "core/inventory.hpp"

namespace docksweep::core {

// To whole milliseconds: what comes after them is cut, not rounded. Between date and time may be a blank; zone is Z or an
// offset. nullopt: not of this form, no such day or time, or outside of 1970 to 2261 (an instant counts nanoseconds in 64
// bits; Go's "never" is the year 1). By hand, because the parser of the date library computes with numbers that it never
// set where a part is missing ("T00::97"), and may do so in texts that are whole.
std::optional<instant> parse_rfc3339(std::string_view text);

}  // namespace docksweep::core
