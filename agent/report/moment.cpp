#include "report/moment.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <sstream>
#include <string>

namespace docksweep::report {
namespace {

using precise = date::sys_time<std::chrono::milliseconds>;

// The whole text by one of date's formats.
bool reads_as(const std::string& text, const char* format, precise& into) {
  std::istringstream in(text);
  in >> date::parse(format, into);
  return !in.fail() && in.peek() == std::istringstream::traits_type::eof();
}

}  // namespace

core::parsed<core::instant> parse_since(std::string_view text, core::instant now) {
  if (const auto ago = core::parse_duration(text)) return now - *ago;
  std::string zoned(text);
  if (zoned.ends_with('Z') || zoned.ends_with('z')) zoned.replace(zoned.size() - 1, 1, "+00:00");
  precise found;
  for (const auto* format : {"%FT%T%Ez", "%F %T%Ez"}) {
    if (reads_as(zoned, format, found)) return core::instant(found);
  }
  if (reads_as(zoned, "%F", found)) return core::instant(found);
  return std::unexpected(core::text_fault{
      fmt::format("'{}' is no moment: how long ago (7d, 1h30m), a day (2026-11-20) or 2026-11-20T14:00:00Z", text), 0});
}

}  // namespace docksweep::report
