// How far a plan goes: bytes of a set, goals, what is given back, shortfall and blockers.
#include <gtest/gtest.h>

#include <cmath>

#include "core/plan_node.hpp"

namespace docksweep::tests {
namespace {

using core::byte_range;
using core::quantity;
using core::target_kind;

using ids = std::vector<std::string>;

TEST(plan_goal, without_one_the_whole_selection_goes_least_recently_used_first) {
  plan_node n;
  n.add("a", {{"d1", 10}}, 30h);
  n.add("b", {{"d2", 20}}, 50h);
  n.add("c", {{"d3", 40}}, 40h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"b", "c", "a"}));
  EXPECT_EQ(made.steps[0].freed, (byte_range{20, 20}));
  EXPECT_EQ(made.steps[2].cumulative, (byte_range{70, 70}));
  EXPECT_EQ(made.goal_step, std::nullopt);
  EXPECT_EQ(made.shortfall, std::nullopt);
  EXPECT_TRUE(made.blockers.empty());
  EXPECT_EQ(made.images(), 3);
  EXPECT_EQ(made.freed(), (byte_range{70, 70}));
}

// A disk of 1,000 bytes with 100 free (0.9) that is to come below 0.7 needs 201 more.
TEST(plan_goal, k8s_92925_no_overshoot) {
  plan_node n;
  n.disk(1000, 100);
  n.until(quantity::disk, 0.7);
  n.add("a", {{"d1", 150}}, 50h);
  n.add("b", {{"d2", 60}}, 40h);
  n.add("c", {{"d3", 500}}, 30h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "b"}));
  ASSERT_EQ(made.goals.size(), 1U);
  EXPECT_EQ(made.goals[0].lacking, 201);
  EXPECT_EQ(made.goals[0].path, "/var/lib/docker");
  EXPECT_EQ(made.goal_step, 2U);
  EXPECT_EQ(made.shortfall, 0);
  EXPECT_EQ(why(made, "c"), "goal_reached");
  EXPECT_EQ(made.rule_text(verdict_of(made, "c")), "until.disk_below = 0.7");
}

TEST(plan_goal, k8s_71869_two_images_of_which_neither_alone_frees_anything_go_together) {
  plan_node n;
  n.disk(1000, 100);
  n.until(quantity::disk_free, 150);
  n.add("a", {{"d1", 60}, {"d2", 40}}, 50h);
  n.add("b", {{"d1", 60}, {"d2", 40}}, 40h);
  n.add("c", {{"d3", 51}}, 30h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "b"}));
  EXPECT_EQ(made.steps[0].freed, (byte_range{0, 0}));
  EXPECT_EQ(made.steps[1].freed, (byte_range{100, 100}));
}

TEST(plan_goal, k8s_120659_three_image_chain) {
  plan_node n;
  n.disk(1000, 100);
  n.until(quantity::disk_free, 130);
  n.add("a", {{"d1", 10}}, 50h);
  n.add("b", {{"d1", 10}, {"d2", 20}}, 40h);
  n.add("c", {{"d1", 10}, {"d2", 20}, {"d3", 30}}, 30h);
  n.add("d", {{"d4", 31}}, 20h);
  n.add_container("user", "c").state = core::container_state::running;
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"d"})) << "a and b free nothing while c stays";
  EXPECT_EQ(why(made, "a"), "frees_nothing");
  EXPECT_EQ(why(made, "b"), "frees_nothing");
  n.what.containers.clear();
  const auto two = n.plan();
  EXPECT_EQ(steps_of(two), (ids{"b", "c"})) << "30 of c are not enough, 50 with b are";
  EXPECT_EQ(two.freed(), (byte_range{50, 50}));
  n.policy.until[0].value = 150;
  EXPECT_EQ(n.plan().freed(), (byte_range{60, 60})) << "all three";
}

TEST(plan_goal, gives_back_what_it_does_not_need_most_recently_used_first) {
  plan_node n;
  n.disk(1000, 100);
  n.until(quantity::disk_free, 200);
  n.add("a", {{"d1", 30}}, 50h);
  n.add("b", {{"d2", 40}}, 40h);
  n.add("c", {{"d3", 80}}, 30h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "c"})) << "b is given back before a: it was used later";
  EXPECT_EQ(why(made, "b"), "goal_reached");
}

TEST(plan_goal, says_what_lacks_and_what_stands_in_the_way) {
  plan_node n;
  n.disk(1000, 100);
  n.until(quantity::disk_free, 500);
  n.add("a", {{"d1", 30}}, 50h);
  n.add("young", {{"d2", 70}}, 1min);
  n.add("held", {{"d3", 200}}, 50h);
  n.add("also-held", {{"d3", 200}}, 50h);
  n.add_container("c1", "held");
  n.add_container("c2", "also-held");
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a"}));
  EXPECT_EQ(made.goal_step, std::nullopt);
  EXPECT_EQ(made.shortfall, 401 - 30);
  ASSERT_EQ(made.blockers.size(), 2U);
  EXPECT_EQ(made.blockers[0].why, core::reason::in_use);
  EXPECT_EQ(made.blockers[0].count, 2);
  EXPECT_EQ(made.blockers[0].bytes, (byte_range{200, 200})) << "as a set: they share their layer";
  EXPECT_EQ(made.blockers[1].why, core::reason::min_age);
}

TEST(plan_goal, met_already_removes_nothing) {
  plan_node n;
  n.disk(1000, 500);
  n.until(quantity::disk, 0.7);
  n.add("a", {{"d1", 30}});
  n.add_container("c", "other");
  n.policy.remove.containers.emplace();
  n.policy.remove.build_cache.emplace();
  n.what.disk->build_cache_bytes = n.what.disk->build_cache_reclaimable_bytes = 50;
  const auto made = n.plan();
  EXPECT_TRUE(made.steps.empty());
  EXPECT_EQ(made.goal_step, 0U);
  EXPECT_EQ(made.shortfall, 0);
  EXPECT_EQ(why(made, "a"), "goal_reached");
  EXPECT_EQ(why_container(made, "c"), "goal_reached");
}

TEST(plan_goal, all_conditions_must_hold) {
  plan_node n;
  n.disk(1000, 100);
  n.until(quantity::disk_free, 120);
  n.until(quantity::images, 2);
  for (const auto* id : {"a", "b", "c", "d"}) n.add(id, {{id, 30}});
  EXPECT_EQ(steps_of(n.plan()), (ids{"a", "b", "c"})) << "30 bytes would do, but two images are too many";
  n.policy.until[0].value = 200;
  EXPECT_EQ(steps_of(n.plan()), (ids{"a", "b", "c", "d"}));
}

TEST(plan_goal, counts_of_images_count_tags_that_free_nothing_too) {
  plan_node n;
  n.until(quantity::images, 3);
  n.add("base", {{"d1", 10}}, 1min);
  n.add("a", {{"d1", 10}});
  n.add("b", {{"d1", 10}});
  n.add("c", {{"d2", 10}});
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "b"})) << "what frees no byte is skipped for byte goals only";
  EXPECT_EQ(made.goal_step, 2U);
  EXPECT_EQ(made.shortfall, std::nullopt);
}

TEST(plan_goal, images_bytes_counts_each_layer_once) {
  plan_node n;
  n.until(quantity::images_bytes, 100);
  n.add("a", {{"d1", 60}, {"d2", 40}}, 50h);
  n.add("b", {{"d1", 60}, {"d3", 5}}, 40h);
  const auto made = n.plan();
  EXPECT_EQ(made.goals[0].now, 105);
  EXPECT_EQ(made.goals[0].lacking, 6);
  EXPECT_EQ(steps_of(made), (ids{"a"}));
}

TEST(plan_goal, inodes_cannot_be_predicted) {
  plan_node n;
  n.disk(1000, 900);
  n.disks[0].files = 100;
  n.disks[0].files_free = 5;
  n.until(quantity::inodes, 0.8);
  n.add("a", {{"d1", 10}});
  n.add("b", {{"d2", 10}});
  auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "b"})) << "the whole list: measuring stops it";
  EXPECT_EQ(made.goal_step, std::nullopt);
  EXPECT_FALSE(made.goals[0].predictable);
  EXPECT_DOUBLE_EQ(made.goals[0].now, 0.95);
  EXPECT_EQ(made.shortfall, std::nullopt);
  n.disks[0].files_free = 50;
  made = n.plan();
  EXPECT_TRUE(made.steps.empty()) << "met already";
}

TEST(plan_goal, the_path_that_started_the_run_must_recover_else_the_fullest) {
  plan_node n;
  n.disk(1000, 300, "/a");
  n.disk(1000, 100, "/b");
  n.until(quantity::disk, 0.6);
  n.add("a", {{"d1", 10}});
  EXPECT_EQ(n.plan().goals[0].path, "/b");
  EXPECT_EQ(n.plan().goals[0].lacking, 301);
  n.trigger_path = "/a";
  EXPECT_EQ(n.plan().goals[0].path, "/a");
  EXPECT_EQ(n.plan().goals[0].lacking, 101);
}

TEST(plan_goal, a_disk_that_was_not_measured_is_unknown) {
  plan_node n;
  n.until(quantity::disk, 0.6);
  n.add("a", {{"d1", 10}});
  const auto made = n.plan();
  EXPECT_TRUE(std::isnan(made.goals[0].now));
  EXPECT_FALSE(made.goals[0].met);
  EXPECT_FALSE(made.goals[0].predictable);
  EXPECT_EQ(made.goal_step, std::nullopt);
}

// The at-least counts: with a build cache that shares layers, more images are taken.
TEST(plan_goal, predicts_by_what_goes_at_least) {
  plan_node n;
  n.disk(1000, 100);
  n.until(quantity::disk_free, 149);
  n.add("a", {{"d1", 50}}, 50h);
  n.add("b", {{"d2", 30}}, 40h);
  EXPECT_EQ(steps_of(n.plan()), (ids{"a"}));
  n.what.disk->build_cache_shared_bytes = 20;
  EXPECT_EQ(steps_of(n.plan()), (ids{"a", "b"}));
  n.what.disk.reset();
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "b"})) << "nothing is sure, so the list has all; measuring stops it";
  EXPECT_EQ(made.shortfall, 50);
}

TEST(plan_goal, measures_what_thresholds_ask) {
  plan_node n;
  n.disk(1000, 100);
  n.add("a", {{"d1", 10}});
  n.add("b", {{"d1", 10}, {"d2", 20}}).parent_id = "step";
  auto& dangling = n.add("c", {{"d3", 5}});
  dangling.tags.clear();
  dangling.digests.clear();
  auto& step = n.add("step", {{"d1", 10}});
  step.tags.clear();
  step.digests.clear();
  n.add_container("x", "b");
  n.add_container("y", "b").state = core::container_state::dead;
  n.load_usage();
  const auto view = n.view();
  const auto picture = n.picture(view);
  EXPECT_DOUBLE_EQ(core::measure(quantity::disk, picture).value(), 0.9);
  EXPECT_EQ(core::measure(quantity::disk_free, picture), 100);
  EXPECT_EQ(core::measure(quantity::inodes, picture), std::nullopt) << "this file system has no fixed number of inodes";
  EXPECT_EQ(core::measure(quantity::images, picture), 3);
  EXPECT_EQ(core::measure(quantity::dangling, picture), 1);
  EXPECT_EQ(core::measure(quantity::exited, picture), 1);
  EXPECT_EQ(core::measure(quantity::images_bytes, picture), 35);
  EXPECT_EQ(core::measure(quantity::reclaimable, picture), 5);
}

}  // namespace
}  // namespace docksweep::tests
