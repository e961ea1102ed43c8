#include "report/moment.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
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

// "0000-00-00", or that with a time, perhaps a fraction of a second, and a zone. date's parser itself takes what it
// does not find for a number that it never set ("T00::97").
bool has_shape_of_moment(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c >= '0' && c <= '9'; }, '0');
  const std::string_view shape(text);
  if (shape == "0000-00-00") return true;
  if (!shape.starts_with("0000-00-00T00:00:00") && !shape.starts_with("0000-00-00 00:00:00")) return false;
  auto rest = shape.substr(19);
  if (rest.starts_with('.')) {
    const auto end = rest.find_first_not_of('0', 1);
    if (end == 1 || end == std::string_view::npos || end > 10) return false;  // 1 to 9 digits
    rest = rest.substr(end);
  }
  return rest == "+00:00" || rest == "-00:00";
}

// An instant counts nanoseconds in 64 bits, which end in the year 2262; nothing on record is from before 1970.
bool is_within_reach(precise moment) {
  using namespace date::literals;
  return moment >= date::sys_days(1970_y / 1 / 1) && moment < date::sys_days(2262_y / 1 / 1);
}

}  // namespace

core::parsed<core::instant> parse_since(std::string_view text, core::instant now) {
  if (const auto ago = core::parse_duration(text)) {
    return *ago < now.time_since_epoch() ? now - *ago : core::instant();
  }
  std::string zoned(text);
  if (zoned.ends_with('Z') || zoned.ends_with('z')) zoned.replace(zoned.size() - 1, 1, "+00:00");
  precise found{};
  const bool shaped = has_shape_of_moment(zoned);
  for (const auto* format : {"%FT%T%Ez", "%F %T%Ez"}) {
    if (shaped && reads_as(zoned, format, found) && is_within_reach(found)) return core::instant(found);
  }
  if (shaped && reads_as(zoned, "%F", found) && is_within_reach(found)) return core::instant(found);
  return std::unexpected(core::text_fault{
      fmt::format(
          "'{}' is no moment: how long ago (7d, 1h30m), a day (2026-11-20) or 2026-11-20T14:00:00Z, from 1970 to 2261",
          text),
      0});
}

}  // namespace docksweep::report
