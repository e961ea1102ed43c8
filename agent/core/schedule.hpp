// Cron expressions and time windows, in a time zone that is handed in (a null zone is UTC: no zone database is needed).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/quantity.hpp"

namespace date {
class time_zone;
}

namespace docksweep::core {

// Five fields (minute, hour, day of month, month, day of week; lists, ranges, steps, English names, Sunday is 0 or 7),
// or
// @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually. When day of month and day of week are both set
// (neither starts with `*`), either is enough. A date that no year has (31 February) is a fault.
class cron {
 public:
  static parsed<cron> parse(std::string_view text);
  // The first run strictly after `now`. A local time that the clock skips runs at the first instant after the gap; one
  // that it repeats runs the first time; with `*` or `*/n` hours every instant whose local time fits is a run.
  // nullopt only beyond the years that the calendar of <chrono> can hold.
  std::optional<instant> next_after(instant now, const date::time_zone* zone) const;
  const std::string& text() const { return text_; }
  bool operator==(const cron& other) const { return text_ == other.text_; }

 private:
  cron() = default;
  bool matches_day(int year, unsigned month, unsigned day) const;
  friend class cron_parser;
  friend class cron_search;

  std::string text_;
  std::uint64_t minutes_ = 0;  // bit n: minute n
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;     // bits 1 to 31
  std::uint16_t months_ = 0;   // bits 1 to 12
  std::uint8_t weekdays_ = 0;  // bit 0: Sunday
  bool any_day_ = false;       // day of month starts with `*`
  bool any_weekday_ = false;
  bool real_time_ = false;  // hours are `*` or `*/n`
};

// How long after its scheduled time a policy runs on this node: from 0 up to, not including, `splay`; always the same
// for the same engine and policy, so that a fleet spreads out and a node stays predictable.
duration splay_offset(std::string_view engine_id, std::string_view policy_name, duration splay);

// "Mon-Fri 20:00-06:00", "Sat,Sun", "22:00-23:30". A window that passes midnight belongs to the day on which it begins.
// Days may wrap ("Sat-Mon"); 24:00 is the end of a day. Local time, as the clock on the wall shows it.
class time_window {
 public:
  static parsed<time_window> parse(std::string_view text);
  bool contains(instant when, const date::time_zone* zone) const;
  const std::string& text() const { return text_; }
  bool operator==(const time_window& other) const { return text_ == other.text_; }

 private:
  time_window() = default;
  std::string text_;
  std::uint8_t weekdays_ = 0x7f;  // bit 0: Sunday
  int from_minute_ = 0;           // of the day
  int to_minute_ = 24 * 60;       // not included; at most from_minute_: on the next day
};

}  // namespace docksweep::core
