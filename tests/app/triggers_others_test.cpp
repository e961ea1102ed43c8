// What other processes on the same state do, a person with a command or a second agent: they pause, and they sweep.
#include <gtest/gtest.h>

#include "app/triggered_node.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;
using test::image_id;

class triggers_beside_others : public test::triggered_node {};

TEST_F(triggers_beside_others, a_pause_by_another_process_holds_until_it_resumes) {
  policies = {dangling_policy()};
  open_state();
  const auto other = another_process();
  const core::pause_state pause{.since = clocks().wall(), .until = std::nullopt, .reason = "release", .actor = "alice"};
  ASSERT_TRUE(run(other->save_pause(pause)));
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure paused"] > 0; }));
  run_for(50ms);
  EXPECT_EQ(counts.skipped["pressure paused"], 1) << "once per occasion, not per look";
  ASSERT_TRUE(triggers->paused());
  EXPECT_EQ(triggers->paused()->reason, "release");
  EXPECT_TRUE(engine.removed.empty());
  ASSERT_TRUE(run(other->save_pause(std::nullopt)));
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_FALSE(triggers->paused());
}

TEST_F(triggers_beside_others, a_pause_stops_the_sweep_that_runs) {
  policies = {dangling_policy()};
  open_state();
  const auto other = another_process();
  engine.removal_takes = 20ms;
  for (int i = 1; i <= 300; ++i) add_image(i);
  start();
  ASSERT_TRUE(run_until([&] { return !engine.removed.empty(); }));
  const core::pause_state pause{.since = clocks().wall(), .until = std::nullopt, .reason = "stop", .actor = "alice"};
  ASSERT_TRUE(run(other->save_pause(pause)));
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].outcome, core::sweep_outcome::stopped);
  EXPECT_LT(engine.removed.size(), 300U);
}

TEST_F(triggers_beside_others, another_process_that_sweeps_is_waited_for) {
  policies = {dangling_policy()};
  open_state();
  const auto other = another_process();
  auto permit = run(other->try_to_sweep(held.identity.id));
  ASSERT_TRUE(permit);
  ASSERT_NE(*permit, nullptr);
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure running"] == 1; }));
  EXPECT_TRUE(engine.removed.empty());
  permit->reset();
  let_pass(10s);
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
}

TEST_F(triggers_beside_others, a_sweep_by_another_process_counts_and_cools_down) {
  policies = {dangling_policy()};
  open_state();
  const auto other = another_process();
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(50ms);
  core::sweep_record sweep;
  sweep.engine_id = held.identity.id;
  sweep.policy = "pressure";
  sweep.trigger = core::sweep_trigger::manual;
  sweep.began = clocks().wall();
  std::vector<core::removal_record> removals(1);
  removals[0].object_id = image_id(9);
  ASSERT_TRUE(run(other->begin_sweep(sweep, removals)));
  removals[0].outcome = core::removal_outcome::removed;
  ASSERT_TRUE(run(other->update_removal(removals[0])));
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 0U) << "it goes on";
  sweep.ended = clocks().wall();
  sweep.outcome = core::sweep_outcome::reached;
  ASSERT_TRUE(run(other->end_sweep(sweep)));
  core::policy_memory memory;
  memory.policy = "pressure";
  memory.last_began = sweep.began;
  memory.last_ended = sweep.ended;
  ASSERT_TRUE(run(other->save_policy(held.identity.id, memory)));
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].trigger, core::sweep_trigger::manual);
  EXPECT_EQ(counts.removals, 1);
  ASSERT_TRUE(run_until([&] { return triggers->status().at(0).memory.last_ended.has_value(); }));
  add_image(1);
  add_image(2);
  let_pass(1min);
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure cooldown"] == 1; }));
  EXPECT_EQ(sweeps_ended(), 1U) << "and it is counted once";
}

}  // namespace
}  // namespace docksweep::app
