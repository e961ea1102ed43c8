// Time windows ("Mon-Fri 20:00-06:00"), and the place of a node within a policy's splay.
#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/digest.hpp"
#include "core/schedule.hpp"

namespace docksweep::core {
namespace {

constexpr int day_minutes = 24 * 60;
constexpr std::array<std::string_view, 7> weekday_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view help = "a window is days, times or both, as in \"Mon-Fri 20:00-06:00\" or \"Sat,Sun\"";

std::unexpected<text_fault> bad(std::size_t offset, std::string_view text, std::string_view what) {
  return std::unexpected(text_fault{fmt::format("\"{}\" {}: {}", text, what, help), offset});
}

// -1: no such day.
int weekday_from(std::string_view text) {
  const auto* found = std::ranges::find(weekday_names, text);
  return found == weekday_names.end() ? -1 : static_cast<int>(found - weekday_names.begin());
}

parsed<std::uint8_t> days_from(std::string_view text) {
  std::uint8_t bits = 0;
  std::size_t from = 0;
  while (from <= text.size()) {
    const auto to = std::min(text.find(',', from), text.size());
    const auto item = text.substr(from, to - from);
    const auto dash = std::min(item.find('-'), item.size());
    const int first = weekday_from(item.substr(0, dash));
    const int last = dash == item.size() ? first : weekday_from(item.substr(dash + 1));
    if (first < 0 || last < 0) return bad(from, item, "is no day (Mon, Tue, Wed, Thu, Fri, Sat, Sun)");
    for (int day = first;; day = (day + 1) % 7) {
      bits = static_cast<std::uint8_t>(bits | 1U << static_cast<unsigned>(day));
      if (day == last) break;
    }
    from = to + 1;
  }
  return bits;
}

// "HH:MM" as minutes of the day; -1: not a time.
int minutes_from(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return -1;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  return minutes > 59 || hours * 60 + minutes > day_minutes ? -1 : hours * 60 + minutes;
}

}  // namespace

parsed<time_window> time_window::parse(std::string_view text) {
  time_window out;
  out.text_ = std::string(text);
  const auto space = std::min(text.find(' '), text.size());
  const bool has_days = !text.empty() && ((text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= 'a' && text[0] <= 'z'));
  const auto days = has_days ? text.substr(0, space) : std::string_view{};
  if (has_days) {
    const auto bits = days_from(days);
    if (!bits) return std::unexpected(bits.error());
    out.weekdays_ = *bits;
    if (space == text.size()) return out;
  }
  const auto times_at = has_days ? space + 1 : 0;
  const auto times = text.substr(times_at);
  const auto dash = std::min(times.find('-'), times.size());
  out.from_minute_ = minutes_from(times.substr(0, dash));
  out.to_minute_ = dash == times.size() ? -1 : minutes_from(times.substr(dash + 1));
  if (out.from_minute_ < 0 || out.from_minute_ == day_minutes)
    return bad(times_at, times, "does not begin with a time from 00:00 to 23:59");
  if (out.to_minute_ < 0) return bad(times_at, times, "does not end with a time from 00:00 to 24:00");
  if (out.from_minute_ == out.to_minute_) return bad(times_at, times, "is empty; without times the whole day is meant");
  return out;
}

bool time_window::contains(instant when, const date::time_zone* zone) const {
  const auto utc = date::floor<std::chrono::seconds>(when);
  const auto local = zone == nullptr ? date::local_seconds(utc.time_since_epoch()) : zone->to_local(utc);
  const auto day = date::floor<date::days>(local);
  const auto minute = std::chrono::duration_cast<std::chrono::minutes>(local - day).count();
  const auto weekday = date::weekday(day).c_encoding();
  const bool today = (weekdays_ >> weekday & 1U) != 0;
  if (from_minute_ < to_minute_) return today && minute >= from_minute_ && minute < to_minute_;
  const bool yesterday = (weekdays_ >> (weekday + 6) % 7 & 1U) != 0;
  return (today && minute >= from_minute_) || (yesterday && minute < to_minute_);
}

duration splay_offset(std::string_view engine_id, std::string_view policy_name, duration splay) {
  if (splay.count() <= 0) return duration{0};
  const auto digest = sha256_hex(fmt::format("{}\n{}", engine_id, policy_name));
  std::uint64_t number = 0;
  std::from_chars(digest.data(), digest.data() + 16, number, 16);
  return duration(static_cast<std::int64_t>(number % static_cast<std::uint64_t>(splay.count())));
}

}  // namespace docksweep::core
