#include "report/moment.hpp"

#include <fmt/format.h>

#include <string>

#include "core/rfc3339.hpp"

namespace docksweep::report {

core::parsed<core::instant> parse_since(std::string_view text, core::instant now) {
  if (const auto ago = core::parse_duration(text)) {
    return *ago < now.time_since_epoch() ? now - *ago : core::instant();
  }
  if (const auto moment = core::parse_rfc3339(text)) return *moment;
  if (const auto day = core::parse_rfc3339(std::string(text) + "T00:00:00Z")) return *day;
  return std::unexpected(core::text_fault{
      fmt::format(
          "'{}' is no moment: how long ago (7d, 1h30m), a day (2026-11-20) or 2026-11-20T14:00:00Z, from 1970 to 2261",
          text),
      0});
}

}  // namespace docksweep::report
