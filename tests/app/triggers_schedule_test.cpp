// Which scheduled run is due: after downtime, with splay, and when the clock jumps.
#include <date/date.h>
#include <gtest/gtest.h>

#include <sstream>

#include "app/schedule_run.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;

core::instant at(const std::string& text) {
  std::istringstream in(text);
  date::sys_seconds out;
  in >> date::parse("%F %T", out);
  EXPECT_FALSE(in.fail()) << text;
  return out;
}

std::string print(std::optional<core::instant> when) {
  return when ? date::format("%F %T", date::floor<std::chrono::seconds>(*when)) : "none";
}

struct due_case {
  const char* what;
  const char* expression;
  core::duration splay_here;
  const char* handled;
  const char* now;
  const char* due;  // "none"
  int missed;
  const char* remembered;
};

void PrintTo(const due_case& which, std::ostream* out) { *out << which.what; }

class schedules : public testing::TestWithParam<due_case> {};

TEST_P(schedules, are_looked_at) {
  const auto& which = GetParam();
  const auto expression = core::cron::parse(which.expression);
  ASSERT_TRUE(expression);
  const schedule_rule rule{&*expression, nullptr, which.splay_here, 1h};
  const auto answer = look_at_schedule(rule, at(which.handled), at(which.now));
  EXPECT_EQ(print(answer.due), which.due);
  EXPECT_EQ(answer.missed, which.missed);
  EXPECT_EQ(print(answer.handled), which.remembered);
}

INSTANTIATE_TEST_SUITE_P(
    all, schedules,
    testing::Values(
        due_case{"before its moment", "0 2 * * *", 0s, "2026-11-22 02:00:00", "2026-11-23 01:59:59", "none", 0,
                 "2026-11-22 02:00:00"},
        due_case{"at its moment", "0 2 * * *", 0s, "2026-11-22 02:00:00", "2026-11-23 02:00:00", "2026-11-23 02:00:00",
                 0, "2026-11-22 02:00:00"},
        due_case{"splay is still to pass", "0 2 * * *", 120s, "2026-11-22 02:00:00", "2026-11-23 02:01:59", "none", 0,
                 "2026-11-22 02:00:00"},
        due_case{"splay has passed", "0 2 * * *", 120s, "2026-11-22 02:00:00", "2026-11-23 02:02:00",
                 "2026-11-23 02:00:00", 0, "2026-11-22 02:00:00"},
        due_case{"just under an hour late runs", "0 2 * * *", 0s, "2026-11-22 02:00:00", "2026-11-23 02:59:59",
                 "2026-11-23 02:00:00", 0, "2026-11-22 02:00:00"},
        due_case{"an hour late is missed", "0 2 * * *", 0s, "2026-11-22 02:00:00", "2026-11-23 03:00:00", "none", 1,
                 "2026-11-23 02:00:00"},
        due_case{"lateness counts from the splayed moment", "0 2 * * *", 300s, "2026-11-22 02:00:00",
                 "2026-11-23 03:04:59", "2026-11-23 02:00:00", 0, "2026-11-22 02:00:00"},
        due_case{"three nights away", "0 2 * * *", 0s, "2026-11-20 02:00:00", "2026-11-23 12:00:00", "none", 3,
                 "2026-11-23 02:00:00"},
        due_case{"two missed, the last one runs", "0 2 * * *", 0s, "2026-11-20 02:00:00", "2026-11-23 02:30:00",
                 "2026-11-23 02:00:00", 2, "2026-11-22 02:00:00"},
        due_case{"half an hour of minutes is one run", "* * * * *", 0s, "2026-11-23 02:00:00", "2026-11-23 02:30:30",
                 "2026-11-23 02:30:00", 0, "2026-11-23 02:00:00"},
        due_case{"clock went forward by years: one run, a bounded count", "* * * * *", 0s, "2026-11-23 02:00:00",
                 "2036-11-23 02:00:30", "2036-11-23 02:00:00", most_missed, "2036-11-23 01:00:30"},
        due_case{"clock went back by years: from now on", "0 2 * * *", 0s, "2036-11-23 02:00:00",
                 "2026-11-23 01:00:00", "none", 0, "2026-11-23 01:00:00"},
        due_case{"clock went back a little: not twice", "0 2 * * *", 0s, "2026-11-23 02:00:00", "2026-11-23 01:59:58",
                 "none", 0, "2026-11-23 02:00:00"},
        due_case{"… nor when that moment comes again", "0 2 * * *", 0s, "2026-11-23 02:00:00", "2026-11-23 02:00:01",
                 "none", 0, "2026-11-23 02:00:00"}));

TEST(next_run, comes_with_its_splay_and_not_twice) {
  const auto expression = core::cron::parse("0 2 * * *");
  const schedule_rule rule{&*expression, nullptr, 5min, 1h};
  const auto before = at("2026-11-22 02:00:00");
  EXPECT_EQ(print(next_run(rule, before, at("2026-11-23 01:00:00"))), "2026-11-23 02:05:00");
  EXPECT_EQ(print(next_run(rule, before, at("2026-11-23 02:04:59"))), "2026-11-23 02:05:00") << "in its splay";
  EXPECT_EQ(print(next_run(rule, at("2026-11-23 02:00:00"), at("2026-11-23 02:05:00"))), "2026-11-24 02:05:00");
  EXPECT_EQ(print(next_run(rule, at("2036-01-01 00:00:00"), at("2026-11-23 01:00:00"))), "2026-11-23 02:05:00")
      << "what a wrong clock left does not hold";
}

}  // namespace
}  // namespace docksweep::app
