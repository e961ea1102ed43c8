#include "report/human.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

namespace docksweep::report {
namespace {

struct duration_unit {
  std::int64_t seconds;
  std::string_view name;
  std::int64_t from;  // used from this many of it on: "10 days" says more than "1 week"
};

constexpr std::int64_t day = 24 * 60 * 60;
constexpr duration_unit duration_units[] = {{365 * day, "year", 2}, {30 * day, "month", 2}, {7 * day, "week", 2},
                                            {day, "day", 2},        {60 * 60, "hour", 1},   {60, "minute", 1},
                                            {1, "second", 1}};

}  // namespace

std::string human_bytes(core::byte_count bytes) {
  constexpr std::array<std::string_view, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 999.5 would be printed as 1000: that is 1.0 of the next unit.
  while (std::fabs(value) >= (unit == 0 ? 1000 : 999.5) && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  // 99.95 would be printed as 100.0.
  return fmt::format("{:.{}f} {}", value, std::fabs(value) < 99.95 ? 1 : 0, units[unit]);
}

std::string human_bytes(std::optional<core::byte_count> bytes) { return bytes ? human_bytes(*bytes) : "-"; }

std::string human_bytes(core::byte_range range) {
  const auto most = human_bytes(range.at_most);
  if (range.exact()) return most;
  if (range.at_least <= 0) return "≤" + most;
  const auto least = human_bytes(range.at_least);
  return least == most ? most : least + "–" + most;
}

std::string human_duration(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  for (const auto& unit : duration_units) {
    const auto count = seconds / unit.seconds;
    if (count >= unit.from) return fmt::format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
  }
  return "now";
}

std::string human_age(std::optional<core::instant> when, core::instant now) {
  if (!when) return "-";
  const auto age = now - *when;
  return age < std::chrono::seconds(1) ? "just now" : human_duration(age) + " ago";
}

std::string rfc3339(core::instant when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  const auto date = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day ymd(date);
  const std::chrono::hh_mm_ss time(seconds - date);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string short_id(const std::string& id) {
  constexpr std::size_t shown = 12;
  const auto colon = id.find(':');
  return id.substr(colon == std::string::npos ? 0 : colon + 1, shown);
}

}  // namespace docksweep::report
