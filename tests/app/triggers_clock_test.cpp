// Schedules on a node whose clock moves: runs that are due, late, missed, and a clock that jumps.
#include <date/date.h>
#include <gtest/gtest.h>

#include "app/triggered_node.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;

class schedules_on_node : public test::triggered_node {
 protected:
  // Moves both clocks to the next time of day, UTC.
  void go_to(std::chrono::nanoseconds time_of_day) {
    const auto now = clocks().wall();
    auto wanted = date::floor<date::days>(now) + time_of_day;
    if (wanted <= now) wanted += 24h;
    let_pass(wanted - now);
  }
  void start_known() {
    start();
    ASSERT_TRUE(run_until_seen());
    ASSERT_TRUE(run_until([&] { return triggers->status().at(0).memory.last_scheduled; }));
  }
};

TEST_F(schedules_on_node, runs_once_at_its_moment) {
  policies = {scheduled_policy("0 2 * * *")};
  add_image(1);
  go_to(1h + 30min);
  start_known();
  run_for(30ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  let_pass(30min);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].trigger, core::sweep_trigger::schedule);
  EXPECT_EQ(counts.ended[0].cause, "schedule 0 2 * * *");
  add_image(2);
  let_pass(1h);
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  EXPECT_EQ(counts.missed["nightly"], 0);
}

TEST_F(schedules_on_node, a_new_policy_has_nothing_to_catch_up_with) {
  policies = {scheduled_policy("0 2 * * *")};
  add_image(1);
  go_to(2h + 10min);
  start_known();
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  EXPECT_EQ(counts.missed["nightly"], 0);
}

TEST_F(schedules_on_node, missed_while_down_it_runs_when_less_than_an_hour_late) {
  policies = {scheduled_policy("0 2 * * *")};
  add_image(1);
  go_to(1h + 30min);
  start_known();
  run_for(30ms);
  stop();
  let_pass(1h);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  run_for(30ms);
  stop();
  add_image(2);
  start_known();
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 1U) << "what ran is remembered";
}

TEST_F(schedules_on_node, missed_by_more_it_counts_as_missed) {
  policies = {scheduled_policy("0 2 * * *")};
  add_image(1);
  go_to(1h + 30min);
  start_known();
  run_for(30ms);
  stop();
  let_pass(3 * 24h + 4h);
  start_known();
  ASSERT_TRUE(run_until([&] { return counts.missed["nightly"] == 4; }));
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  stop();
  start_known();
  run_for(50ms);
  EXPECT_EQ(counts.missed["nightly"], 4) << "and is not counted again";
}

TEST_F(schedules_on_node, a_jump_of_the_clock_over_years_is_one_run) {
  policies = {scheduled_policy("* * * * *")};
  policies[0].cooldown = 0ms;
  add_image(1);
  start_known();
  wall_ahead += 24h * 365 * 3;
  ASSERT_TRUE(run_until([&] { return counts.missed["nightly"] > 0; }));
  run_for(100ms);
  EXPECT_LE(sweeps_ended(), 2U);  // a minute may begin while this runs
  wall_ahead -= 24h * 365 * 3;
  run_for(50ms);
  add_image(2);
  ASSERT_TRUE(run_until_listed(2));
  let_pass(2min);
  const auto before = sweeps_ended();
  EXPECT_TRUE(run_until([&] { return sweeps_ended() > before; })) << "the schedule goes on after the clock came back";
}

TEST_F(schedules_on_node, what_a_window_keeps_out_for_an_hour_is_missed) {
  policies = {scheduled_policy("0 2 * * *")};
  policies[0].windows = {*core::time_window::parse("04:00-05:00")};
  add_image(1);
  go_to(1h + 59min);
  start_known();
  let_pass(2min);
  ASSERT_TRUE(run_until([&] { return counts.skipped["nightly window"] == 1; }));
  let_pass(1h);
  ASSERT_TRUE(run_until([&] { return counts.missed["nightly"] == 1; }));
  let_pass(1h + 30min);
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 0U);
}

}  // namespace
}  // namespace docksweep::app
