// Policies that run by themselves, and what keeps them from it.
#include <gtest/gtest.h>

#include "app/triggered_node.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;
using test::image_id;

class triggers_on_node : public test::triggered_node {};

TEST_F(triggers_on_node, a_quantity_beyond_its_threshold_is_answered_by_a_sweep) {
  policies = {dangling_policy()};
  add_image(1);
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(50ms);
  EXPECT_TRUE(engine.removed.empty()) << "one is not more than one";
  add_image(2);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(engine.removed.size(), 2U);
  const auto& sweep = counts.ended.front();
  EXPECT_EQ(sweep.outcome, core::sweep_outcome::reached);
  EXPECT_EQ(sweep.trigger, core::sweep_trigger::threshold);
  EXPECT_EQ(sweep.cause, "dangling 2 above 1");
  EXPECT_EQ(sweep.actor, "agent");
}

// Between the last removal and the next listing the view still has what is gone.
TEST_F(triggers_on_node, a_second_policy_sweeps_by_no_view_of_before_the_first_ones_sweep) {
  policies = {dangling_policy("first"), dangling_policy("second")};
  engine.tells_of_removals = false;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  ASSERT_TRUE(run_until([&] { return watch->current()->what().images.empty(); })) << "a listing is asked for";
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  add_image(3);
  ASSERT_TRUE(run_until_listed(3)) << "else a plan may be made before its layers are known";
  add_image(4);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 2; })) << "the first one cools down, the second may";
  EXPECT_EQ(counts.ended[1].policy, "second");
  EXPECT_EQ(counts.ended[1].removed, 2);
}

TEST_F(triggers_on_node, what_its_registry_no_longer_has_does_not_stand_before_what_can_go) {
  auto policy = dangling_policy();
  policy.when.quantities = {{core::quantity::images, 1}};
  policy.until = {{core::quantity::images, 2}};
  policy.remove.images = core::image_selection{};
  policy.keep.ask_registry = true;
  policy.cooldown = 0ms;
  policies = {policy};
  for (const int number : {1, 2}) {
    add_image(number, {"app:" + std::to_string(number)});
    held.images[image_id(number)].digests = {"app@" + image_id(number)};
  }
  engine.in_registry = {image_id(2)};
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].outcome, core::sweep_outcome::missed);
  EXPECT_TRUE(engine.removed.empty()) << "the registry does not have the first one";
  let_pass(1min);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 2; }));
  EXPECT_EQ(engine.removed, (std::vector<std::string>{"app:2"}));
  EXPECT_EQ(counts.ended[1].outcome, core::sweep_outcome::reached);
}

TEST_F(triggers_on_node, an_image_that_was_used_while_its_sweep_ran_stays) {
  policies = {dangling_policy()};
  policies[0].keep.min_age = 1h;
  add_image(1);
  add_image(2);
  engine.on_removal = [this] {
    engine.on_removal = nullptr;
    for (const int number : {1, 2}) usage->on_event(test::image_event("push", image_id(number)));
  };
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(50ms);
  let_pass(2h);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(engine.removed.size(), 1U) << "the first one was in hand";
}

TEST_F(triggers_on_node, a_hold_that_is_not_over_starts_nothing) {
  policies = {dangling_policy()};
  policies[0].when.hold = 1h;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  let_pass(1h);
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
}

TEST_F(triggers_on_node, the_path_that_started_it_must_recover_itself) {
  auto policy = dangling_policy();
  policy.when.quantities = {{core::quantity::disk, 0.85}};
  policy.until = {{core::quantity::disk, 0.7}};
  policy.mode = core::mode::observe;
  policies = {policy};
  disks.used = {{"/data", 0.5}, {"/other", 0.9}};
  add_image(1);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].cause, "disk 0.9 above 0.85 at /other");
}

TEST_F(triggers_on_node, in_observe_mode_nothing_is_removed_and_another_plan_is_on_record_once_per_cooldown) {
  policies = {dangling_policy()};
  policies[0].mode = core::mode::observe;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].outcome, core::sweep_outcome::observed);
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  EXPECT_EQ(counts.skipped["pressure observe"], 1);
  EXPECT_EQ(counts.skipped["pressure cooldown"], 0) << "nothing was removed";
  add_image(3);
  ASSERT_TRUE(run_until_listed(3));
  let_pass(10min);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 2; }));
  EXPECT_EQ(counts.skipped["pressure observe"], 2);
  EXPECT_TRUE(engine.removed.empty());
  EXPECT_EQ(held.images.size(), 3U);
}

TEST_F(triggers_on_node, in_observe_mode_the_same_plan_is_on_record_once_a_day) {
  policies = {dangling_policy()};
  policies[0].mode = core::mode::observe;
  policies[0].cooldown = 0s;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  let_pass(9min);
  run_for(100ms);
  EXPECT_EQ(counts.skipped["pressure observe"], 1) << "no cooldown makes it plan at every look";
  let_pass(1min);
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure observe"] == 2; }));
  let_pass(23h);
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  let_pass(1h);
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 2; }));
}

TEST_F(triggers_on_node, a_sweep_that_removed_nothing_is_not_tried_again_at_every_look) {
  policies = {dangling_policy()};
  policies[0].cooldown = 0s;
  engine.refuses = true;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].removed, 0);
  let_pass(50s);
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  engine.refuses = false;
  let_pass(10s);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 2; }));
  EXPECT_EQ(engine.removed.size(), 2U);
}

TEST_F(triggers_on_node, what_a_crash_left_is_settled_once_nobody_else_sweeps) {
  open_state();
  const auto other = another_process();
  core::sweep_record left;
  left.engine_id = held.identity.id;
  left.policy = "pressure";
  left.began = clocks().wall();
  std::vector<core::removal_record> removals(1);
  removals[0].object_id = image_id(9);
  ASSERT_TRUE(run(other->begin_sweep(left, removals)));
  auto permit = run(other->try_to_sweep(held.identity.id));
  ASSERT_TRUE(permit && *permit != nullptr);
  policies = {dangling_policy()};
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(100ms);
  const auto outcome = [&] {
    app::history_query query;
    query.engine_id = held.identity.id;
    return run(other->load_history(query)).value().sweeps.at(0).outcome;
  };
  EXPECT_EQ(outcome(), core::sweep_outcome::running);
  permit->reset();
  let_pass(1min);
  EXPECT_TRUE(run_until([&] { return outcome() == core::sweep_outcome::interrupted; }));
}

TEST_F(triggers_on_node, the_end_waits_until_a_run_is_written_down) {
  policies = {scheduled_policy("* * * * *")};
  add_image(1);
  engine.removal_takes = 100ms;
  bool in_hand = false, written = false;
  engine.on_removal = [&] { in_hand = true; };
  start();
  ASSERT_TRUE(run_until([&] { return triggers->status().at(0).next_run && usage->ready(); }));
  run_for(50ms);
  let_pass(1min);
  ASSERT_TRUE(run_until([&] { return in_hand; }));
  const auto ending = [&]() -> task<bool> {
    auto waiting = triggers->wind_down("SIGTERM", 30s);
    co_await std::move(waiting);
    written = triggers->status().at(0).memory.last_ended.has_value();
    co_return true;
  };
  run(ending());
  EXPECT_TRUE(written);
}

TEST_F(triggers_on_node, without_a_durable_state_nothing_is_enforced) {
  durable = false;
  policies = {dangling_policy()};
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].outcome, core::sweep_outcome::observed);
  EXPECT_TRUE(engine.removed.empty());
}

TEST_F(triggers_on_node, settles_first_unless_a_disk_is_almost_full) {
  policies = {dangling_policy()};
  options.settle = 10min;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure settling"] == 1; }));
  EXPECT_TRUE(engine.removed.empty());
  disks.used["/data"] = 0.96;
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
}

TEST_F(triggers_on_node, an_engine_that_comes_back_settles_anew) {
  policies = {dangling_policy()};
  options.settle = 10min;
  add_image(1);
  start();
  ASSERT_TRUE(run_until_seen());
  let_pass(11min);
  run_for(20ms);
  held.failures["identify"].assign(3, {core::failure_code::unreachable, "connection refused", 0});
  held.cut_stream();
  ASSERT_TRUE(run_until([&] { return !watch->health().up; }));
  ASSERT_TRUE(run_until([&] { return watch->health().up; }));
  add_image(2);
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure settling"] == 1; }));
  EXPECT_TRUE(engine.removed.empty());
}

TEST_F(triggers_on_node, a_cooldown_survives_a_restart) {
  policies = {dangling_policy()};
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  run_for(50ms);
  stop();
  add_image(3);
  add_image(4);
  EXPECT_EQ(counts.skipped["pressure cooldown"], 0) << "what a sweep has met is no occasion";
  start();
  ASSERT_TRUE(run_until([&] { return triggers->status().at(0).memory.last_ended && usage->ready(); }));
  let_pass(1min);
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure cooldown"] == 1; }));
  EXPECT_EQ(engine.removed.size(), 2U);
  let_pass(10min);
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 2; }));
}

TEST_F(triggers_on_node, a_clock_set_back_makes_no_cooldown_longer) {
  policies = {dangling_policy()};
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  run_for(50ms);
  stop();
  wall_ahead -= 24h * 365;
  add_image(3);
  add_image(4);
  EXPECT_EQ(counts.skipped["pressure cooldown"], 0) << "what a sweep has met is no occasion";
  start();
  ASSERT_TRUE(run_until([&] { return triggers->status().at(0).memory.last_ended && usage->ready(); }));
  let_pass(1min);
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure cooldown"] == 1; }));
  let_pass(10min);
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 2; }));
}

TEST_F(triggers_on_node, a_partial_view_starts_nothing) {
  policies = {dangling_policy()};
  add_image(1);
  add_image(2);
  held.unreadable = 1;
  start();
  ASSERT_TRUE(run_until_seen());
  EXPECT_EQ(counts.skipped["pressure stale_inventory"], 0) << "a start takes its time";
  let_pass(1min);
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure stale_inventory"] == 1; }));
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  EXPECT_TRUE(engine.removed.empty());
}

TEST_F(triggers_on_node, a_slow_engine_is_left_alone) {
  policies = {dangling_policy()};
  options.slow_listing = 20ms;
  held.delay["list_images"] = 60ms;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure engine_slow"] == 1; }));
  EXPECT_TRUE(engine.removed.empty());
  held.delay["list_images"] = 0ms;
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 1; })) << "a new listing was asked for, and it was fast";
}

TEST_F(triggers_on_node, nothing_to_do_is_counted_once_and_looked_at_again) {
  policies = {dangling_policy()};
  policies[0].keep.min_age = 1h;
  add_image(1);
  add_image(2);
  start();
  ASSERT_TRUE(run_until([&] { return counts.skipped["pressure nothing_to_do"] == 1; }));
  let_pass(2h);
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.skipped["pressure nothing_to_do"], 1);
}

TEST_F(triggers_on_node, policies_run_one_after_another) {
  policies = {dangling_policy("one"), dangling_policy("two")};
  policies[1].remove.images = core::image_selection{};
  policies[1].keep.local_only = false;
  add_image(1);
  add_image(2);
  add_image(3, {"app:1"});
  start();
  ASSERT_TRUE(run_until([&] { return sweeps_ended() >= 1; }));
  run_for(100ms);
  EXPECT_EQ(counts.ended[0].policy, "one");
  for (std::size_t i = 1; i < counts.ended.size(); ++i) EXPECT_GE(counts.ended[i].began, *counts.ended[i - 1].ended);
}

TEST_F(triggers_on_node, the_end_waits_for_the_removal_in_hand) {
  policies = {dangling_policy()};
  engine.removal_takes = 100ms;
  add_image(1);
  add_image(2);
  start();
  bool in_hand = false;
  engine.on_removal = [&] { in_hand = true; };
  ASSERT_TRUE(run_until([&] { return in_hand; }));
  const auto ending = [&]() -> task<bool> {
    auto waiting = triggers->wind_down("SIGTERM", 30s);
    co_await std::move(waiting);
    co_return true;
  };
  run(ending());
  ASSERT_EQ(sweeps_ended(), 1U);
  EXPECT_EQ(engine.removed.size(), 1U);
  EXPECT_EQ(counts.ended[0].outcome, core::sweep_outcome::stopped);
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 1U) << "and none begins";
}

TEST_F(triggers_on_node, another_configuration_stops_the_sweep_of_a_policy_that_it_changes) {
  policies = {dangling_policy()};
  engine.removal_takes = 20ms;
  for (int i = 1; i <= 300; ++i) add_image(i);
  start();
  ASSERT_TRUE(run_until([&] { return !engine.removed.empty(); }));
  auto changed = dangling_policy();
  changed.mode = core::mode::observe;
  triggers->take_over({changed}, keep, options);
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
  EXPECT_EQ(counts.ended[0].outcome, core::sweep_outcome::stopped);
  EXPECT_LT(engine.removed.size(), 300U);
  ASSERT_NE(triggers->find("pressure"), nullptr);
  EXPECT_EQ(triggers->find("pressure")->mode, core::mode::observe);
}

TEST_F(triggers_on_node, status_says_where_each_policy_stands) {
  policies = {dangling_policy(), scheduled_policy("0 2 * * *")};
  policies[0].when.hold = 1h;
  add_image(1);
  add_image(2);
  start();
  const auto plan_of = [&](std::size_t i) { return triggers->status().at(i).plan; };
  ASSERT_TRUE(run_until([&] { return plan_of(0) != nullptr && plan_of(0)->images() == 2; }));
  const auto all = triggers->status();
  ASSERT_EQ(all[0].values.size(), 1U);
  EXPECT_EQ(all[0].values[0], std::pair(core::quantity::dangling, 2.0));
  EXPECT_FALSE(all[0].next_run);
  ASSERT_TRUE(all[1].next_run);
  EXPECT_GT(*all[1].next_run, clocks().wall());
  EXPECT_LE(*all[1].next_run, clocks().wall() + 25h);
  const auto before = triggers->revision();
  add_image(3);
  ASSERT_TRUE(run_until([&] { return triggers->revision() > before; })) << "a reader learns of older plans";
  EXPECT_TRUE(run_until([&] { return plan_of(0)->images() == 3; }));
}

}  // namespace
}  // namespace docksweep::app
