// Cron expressions and windows in time zones: every rule of day fields, leap days, and clocks that skip and repeat.
#include "core/schedule.hpp"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

namespace docksweep::core {
namespace {

using namespace std::chrono_literals;

const date::time_zone* zone(const std::string& name) {
  return name.empty() ? nullptr : date::locate_zone(name);
}

instant at(const std::string& text) {
  std::istringstream in(text);
  date::sys_seconds out;
  in >> date::parse("%FT%TZ", out);
  EXPECT_FALSE(in.fail()) << text;
  return out;
}

std::string print(std::optional<instant> when) {
  return when ? date::format("%FT%TZ", date::floor<std::chrono::seconds>(*when)) : "never";
}

struct next_case {
  const char* what;
  const char* expression;
  const char* zone;
  const char* now;
  std::vector<const char*> runs;  // one after the other
};

void PrintTo(const next_case& which, std::ostream* out) {
  *out << which.what;
}

class next_run : public testing::TestWithParam<next_case> {};

TEST_P(next_run, follows_the_rules) {
  const auto& which = GetParam();
  const auto read = cron::parse(which.expression);
  ASSERT_TRUE(read) << read.error().message;
  auto now = at(which.now);
  for (const auto* expected : which.runs) {
    const auto next = read->next_after(now, zone(which.zone));
    ASSERT_EQ(print(next), expected) << "after " << print(now);
    now = *next;
  }
}

INSTANTIATE_TEST_SUITE_P(
    utc, next_run,
    testing::Values(
        next_case{"nightly", "0 2 * * *", "", "2026-11-23T17:00:00Z", {"2026-11-24T02:00:00Z", "2026-11-25T02:00:00Z"}},
        next_case{"strictly after", "0 2 * * *", "", "2026-11-23T02:00:00Z", {"2026-11-24T02:00:00Z"}},
        next_case{
            "every minute", "* * * * *", "", "2026-12-31T23:58:30Z", {"2026-12-31T23:59:00Z", "2027-01-01T00:00:00Z"}},
        next_case{"lists ranges steps",
                  "5,10-20/5 8-10/2 * * *",
                  "",
                  "2026-01-01T08:11:00Z",
                  {"2026-01-01T08:15:00Z", "2026-01-01T08:20:00Z", "2026-01-01T10:05:00Z"}},
        next_case{
            "names", "0 0 * FEB Mon", "", "2026-01-15T00:00:00Z", {"2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z"}},
        next_case{"sunday is seven too", "0 0 * * 7", "", "2026-11-23T00:00:00Z", {"2026-11-29T00:00:00Z"}},
        next_case{"range to sunday",
                  "0 0 * * Sat-Sun",
                  "",
                  "2026-11-23T00:00:00Z",
                  {"2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-05T00:00:00Z"}},
        next_case{"day fields are or",
                  "0 0 13 * Fri",
                  "",
                  "2026-11-07T00:00:00Z",
                  {"2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z",
                   "2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z"}},
        next_case{"a star with a step narrows",
                  "0 0 */10 * Mon",
                  "",
                  "2026-11-01T00:00:00Z",
                  {"2026-12-21T00:00:00Z", "2027-01-11T00:00:00Z"}},
        next_case{
            "leap day", "0 0 29 2 *", "", "2026-01-01T00:00:00Z", {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
        next_case{"leap day across 2100", "0 0 29 2 *", "", "2096-03-01T00:00:00Z", {"2104-02-29T00:00:00Z"}},
        next_case{"months without a 31st",
                  "0 0 31 * *",
                  "",
                  "2026-01-31T00:00:00Z",
                  {"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"}},
        next_case{"hourly", "@hourly", "", "2026-11-23T17:00:01Z", {"2026-11-23T18:00:00Z"}},
        next_case{"daily", "@daily", "", "2026-11-23T17:00:00Z", {"2026-11-24T00:00:00Z"}},
        next_case{"midnight", "@midnight", "", "2026-11-23T17:00:00Z", {"2026-11-24T00:00:00Z"}},
        next_case{"weekly", "@weekly", "", "2026-11-23T17:00:00Z", {"2026-11-29T00:00:00Z"}},
        next_case{"monthly", "@monthly", "", "2026-11-23T17:00:00Z", {"2026-12-01T00:00:00Z"}},
        next_case{"yearly", "@yearly", "", "2026-11-23T17:00:00Z", {"2027-01-01T00:00:00Z"}},
        next_case{"annually", "@annually", "", "2026-11-23T17:00:00Z", {"2027-01-01T00:00:00Z"}}));

// Berlin 2026: 29 March 02:00 is skipped to 03:00 (01:00Z), 25 October 03:00 goes back to 02:00 (01:00Z).
INSTANTIATE_TEST_SUITE_P(
    clock_changes, next_run,
    testing::Values(
        next_case{"zone", "0 2 * * *", "Asia/Shanghai", "2026-11-23T17:00:00Z", {"2026-11-23T18:00:00Z"}},
        next_case{"skipped runs after the gap",
                  "30 2 * * *",
                  "Europe/Berlin",
                  "2026-03-28T12:00:00Z",
                  {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
        next_case{"skipped times run once",
                  "0,20,40 2 * * *",
                  "Europe/Berlin",
                  "2026-03-28T12:00:00Z",
                  {"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
        next_case{"skipped and regular at one instant",
                  "30 2,3 * * *",
                  "Europe/Berlin",
                  "2026-03-28T12:00:00Z",
                  {"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}},
        next_case{"repeated runs the first time",
                  "30 2 * * *",
                  "Europe/Berlin",
                  "2026-10-24T12:00:00Z",
                  {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
        next_case{
            "started between the two", "30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", {"2026-10-26T01:30:00Z"}},
        next_case{"star hours in a repeat",
                  "30 * * * *",
                  "Europe/Berlin",
                  "2026-10-25T00:00:00Z",
                  {"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
        next_case{"star hours in a gap",
                  "30 * * * *",
                  "Europe/Berlin",
                  "2026-03-29T00:00:00Z",
                  {"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"}},
        next_case{"stepped hours in a gap",
                  "30 */2 * * *",
                  "Europe/Berlin",
                  "2026-03-28T23:45:00Z",
                  {"2026-03-29T02:30:00Z", "2026-03-29T04:30:00Z"}},
        next_case{"stepped hours in a repeat",
                  "30 */2 * * *",
                  "Europe/Berlin",
                  "2026-10-25T00:00:00Z",
                  {"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T03:30:00Z"}},
        next_case{"every ten minutes through a repeat",
                  "*/30 * * * *",
                  "Europe/Berlin",
                  "2026-10-25T00:10:00Z",
                  {"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"}},
        next_case{"half an hour skipped",
                  "15 2 * * *",
                  "Australia/Lord_Howe",
                  "2026-10-03T12:00:00Z",
                  {"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
        next_case{"a whole day skipped",
                  "0 2 * * *",
                  "Pacific/Apia",
                  "2011-12-29T13:00:00Z",
                  {"2011-12-30T10:00:00Z", "2011-12-30T12:00:00Z", "2011-12-31T12:00:00Z"}},
        next_case{"repeat over midnight",
                  "30 0,23 * * *",
                  "America/Nuuk",
                  "2024-10-27T00:00:00Z",
                  {"2024-10-27T00:30:00Z", "2024-10-27T02:30:00Z", "2024-10-28T01:30:00Z"}},
        // Until 2011 the clock of St John's went back at 00:01: midnight came first, and then the day before once more.
        next_case{"the next day before the repeated one",
                  "* * * * *",
                  "America/St_Johns",
                  "2010-11-07T02:29:30Z",
                  {"2010-11-07T02:30:00Z", "2010-11-07T02:31:00Z"}},
        next_case{"star hours, repeat over midnight",
                  "30 * * * *",
                  "America/Nuuk",
                  "2024-10-27T00:00:00Z",
                  {"2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-10-27T02:30:00Z"}}));

// In every zone and around every change, a fixed time runs exactly once a local day, and `*` hours every real hour.
TEST(next_run_property, fixed_times_run_once_a_day_and_star_hours_every_hour) {
  for (const auto* name :
       {"Europe/Berlin", "America/New_York", "America/Havana", "America/Nuuk", "Asia/Beirut", "Australia/Sydney"}) {
    const auto* where = zone(name);
    const auto daily = *cron::parse("30 0 * * *");
    const auto hourly = *cron::parse("30 * * * *");
    auto now = at("2024-01-01T12:00:00Z");
    std::set<date::local_days> days;
    for (int i = 0; i < 730; ++i) {
      now = *daily.next_after(now, where);
      const auto day = date::floor<date::days>(where->to_local(date::floor<std::chrono::seconds>(now)));
      EXPECT_TRUE(days.insert(day).second) << name << " ran twice on " << print(now);
    }
    EXPECT_EQ(days.size(), 730U);
    EXPECT_EQ((*days.rbegin() - *days.begin()).count(), 729) << name << " left a day out";
    for (const auto* change : {"2024-03-08T00:10:00Z", "2024-10-26T00:10:00Z", "2024-11-02T00:10:00Z"}) {
      now = at(change);
      for (int i = 0; i < 72; ++i) {
        const auto next = *hourly.next_after(now, where);
        if (i > 0) {
          EXPECT_EQ(next - now, 1h) << name << " at " << print(next);
        }
        now = next;
      }
    }
  }
}

struct refused {
  const char* text;
  std::size_t offset;
  const char* message;
};

void PrintTo(const refused& which, std::ostream* out) {
  *out << which.text;
}

class refused_cron : public testing::TestWithParam<refused> {};

TEST_P(refused_cron, says_what_and_where) {
  const auto& [text, offset, message] = GetParam();
  const auto read = cron::parse(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().offset, offset);
  EXPECT_TRUE(read.error().message.starts_with(message)) << read.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    all, refused_cron,
    testing::Values(
        refused{"", 0,
                "\"\" has 0 fields, not five: minute, hour, day of month, month, day of week, as in \"0 2 * * *\""},
        refused{"0 2 * *", 0, "\"0 2 * *\" has 4 fields, not five"},
        refused{"0 0 2 * * *", 0, "\"0 0 2 * * *\" has 6 fields, not five"},
        refused{"@reboot", 0, "\"@reboot\" is not known: @hourly, @daily"},
        refused{"60 2 * * *", 0, "60 is out of range: minute takes 0 to 59, lists (1,2), ranges (1-5) and steps (*/5)"},
        refused{"0 24 * * *", 2, "24 is out of range: hour takes 0 to 23"},
        refused{"0 0 0 * *", 4, "0 is out of range: day of month takes 1 to 31"},
        refused{"0 0 1 13 *", 6, "13 is out of range: month takes 1 to 12 or English names"},
        refused{"0 0 * * 8", 8, "8 is out of range: day of week takes 0 to 7"},
        refused{"0 0 * * Mo", 8, "\"Mo\" is not understood: day of week"},
        refused{"0 0 31 2 *", 4, "\"0 0 31 2 *\" names a date that no year has"},
        refused{"0 0 30,31 2 *", 4, "\"0 0 30,31 2 *\" names a date"},
        refused{"0 0 31 4,6 */2", 4, "\"0 0 31 4,6 */2\" names a date"},
        refused{"30-10 * * * *", 0, "the range 30-10 ends before it begins"},
        refused{"5/15 * * * *", 0, "a step needs a range: \"5-59/15\" is meant?"},
        refused{"*/0 * * * *", 2, "the step \"0\" is not a number above 0"},
        refused{"*/ * * * *", 2, "the step \"\" is not"}, refused{"1,,2 * * * *", 2, "\"\" is not understood: minute"},
        refused{"0 -1 * * *", 2, "\"\" is not understood: hour"}));

TEST(cron, a_weekday_makes_an_impossible_day_possible) {
  EXPECT_TRUE(cron::parse("0 0 31 2 Mon"));
}

TEST(splay, is_stable_spreads_and_stays_inside) {
  EXPECT_EQ(splay_offset("engine", "nightly", 0ms), 0ms);
  EXPECT_EQ(splay_offset("engine", "nightly", 5min), splay_offset("engine", "nightly", 5min));
  EXPECT_NE(splay_offset("engine", "nightly", 5min), splay_offset("engine", "weekly", 5min));
  std::map<int, int> by_minute;
  for (int node = 0; node < 1000; ++node) {
    const auto offset = splay_offset("node-" + std::to_string(node), "nightly", 5min);
    ASSERT_GE(offset, 0ms);
    ASSERT_LT(offset, 5min);
    ++by_minute[static_cast<int>(offset / 1min)];
  }
  for (const auto& [minute, nodes] : by_minute) EXPECT_NEAR(nodes, 200, 60) << minute;
}

struct window_case {
  const char* window;
  const char* zone;
  const char* when;
  bool inside;
};

void PrintTo(const window_case& which, std::ostream* out) {
  *out << which.window << " at " << which.when << " " << which.zone;
}

class window : public testing::TestWithParam<window_case> {};

TEST_P(window, contains) {
  const auto read = time_window::parse(GetParam().window);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->contains(at(GetParam().when), zone(GetParam().zone)), GetParam().inside);
}

// 2026-11-23 is a Monday.
INSTANTIATE_TEST_SUITE_P(
    all, window,
    testing::Values(window_case{"Mon-Fri 20:00-06:00", "", "2026-11-23T19:59:59Z", false},
                    window_case{"Mon-Fri 20:00-06:00", "", "2026-11-23T20:00:00Z", true},
                    window_case{"Mon-Fri 20:00-06:00", "", "2026-11-24T05:59:59Z", true},
                    window_case{"Mon-Fri 20:00-06:00", "", "2026-11-24T06:00:00Z", false},
                    window_case{"Mon-Fri 20:00-06:00", "", "2026-11-23T05:00:00Z", false},  // Sunday's night
                    window_case{"Mon-Fri 20:00-06:00", "", "2026-11-28T05:00:00Z", true},   // Friday's night
                    window_case{"Sat,Sun", "", "2026-11-28T12:00:00Z", true},
                    window_case{"Sat,Sun", "", "2026-11-30T00:00:00Z", false},
                    window_case{"Sat-Mon", "", "2026-11-23T12:00:00Z", true},
                    window_case{"Sat-Mon", "", "2026-11-24T12:00:00Z", false},
                    window_case{"22:00-23:30", "", "2026-11-23T23:29:59Z", true},
                    window_case{"22:00-23:30", "", "2026-11-23T23:30:00Z", false},
                    window_case{"Mon 12:00-24:00", "", "2026-11-23T23:59:59Z", true},
                    window_case{"Mon 12:00-24:00", "", "2026-11-24T00:00:00Z", false},
                    window_case{"Mon 02:00-04:00", "Asia/Shanghai", "2026-11-22T18:30:00Z", true},
                    window_case{"Mon 02:00-04:00", "Asia/Shanghai", "2026-11-23T02:30:00Z", false}));

TEST(window, refuses_what_it_cannot_mean) {
  const auto fault = [](const char* text) { return time_window::parse(text).error(); };
  EXPECT_EQ(fault("Mo").offset, 0U);
  EXPECT_EQ(fault("Mo").message,
            "\"Mo\" is no day (Mon, Tue, Wed, Thu, Fri, Sat, Sun): a window is days, times or both, as in \"Mon-Fri "
            "20:00-06:00\" or \"Sat,Sun\"");
  EXPECT_EQ(fault("Mon,Foo").offset, 4U);
  EXPECT_EQ(fault("Mon 8:00-10:00").offset, 4U);
  EXPECT_EQ(fault("10:00").message.substr(0, 43), "\"10:00\" does not end with a time from 00:00");
  EXPECT_FALSE(time_window::parse("24:00-01:00"));
  EXPECT_FALSE(time_window::parse("10:00-24:01"));
  EXPECT_FALSE(time_window::parse("10:00-10:00"));
  EXPECT_FALSE(time_window::parse(""));
}

}  // namespace
}  // namespace docksweep::core
