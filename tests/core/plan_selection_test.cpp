// Which images a policy selects, in which order they go, and by which names.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/plan_node.hpp"

namespace docksweep::tests {
namespace {

using ids = std::vector<std::string>;

core::image& without_names(core::image& one) {
  one.tags.clear();
  one.digests.clear();
  return one;
}

const core::plan_step& step_of(const core::plan& made, const std::string& id) {
  return *std::ranges::find(made.steps, id, &core::plan_step::id);
}

TEST(plan_selection, dangling_alone_or_everything_unused) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  without_names(n.add("b", {{"d2", 10}}));
  n.add("c", {{"d3", 10}}).tags.clear();
  EXPECT_EQ(steps_of(n.plan()), (ids{"a", "b", "c"}));
  n.policy.remove.images->only_dangling = true;
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"b"})) << "an image known by digest is not dangling";
  EXPECT_EQ(made.rule_text(verdict_of(made, "c")), "remove.images = dangling");
  n.policy.remove.images.reset();
  EXPECT_EQ(n.plan().rule_text(verdict_of(n.plan(), "a")), "remove.images is not set");
}

TEST(plan_selection, unused_for_says_when_it_ends) {
  plan_node n;
  n.policy.remove.images->unused_for = 24h;
  n.add("a", {{"d1", 10}}, 25h);
  n.add("b", {{"d2", 10}}, 20h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a"}));
  EXPECT_EQ(why(made, "b"), "not_selected");
  EXPECT_EQ(verdict_of(made, "b").eligible_at, n.now + 4h);
  EXPECT_EQ(made.rule_text(verdict_of(made, "a")), "remove.images: unused_for = 1d");
}

TEST(plan_selection, references_select_only_when_every_tag_matches) {
  plan_node n;
  n.policy.remove.images->references = {glob("ci/*"), glob("alpine:*")};
  n.add("a", {{"d1", 10}}).tags = {"ci/app:1", "ci/app:2"};
  n.add("b", {{"d2", 10}}).tags = {"ci/app:3", "prod/app:3"};
  n.add("c", {{"d3", 10}}).tags = {"docker.io/library/alpine:3"};
  without_names(n.add("d", {{"d4", 10}}));
  auto& e = n.add("e", {{"d5", 10}});
  e.tags.clear();
  e.digests = {"ci/app@sha256:1"};
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "c", "e"}));
  EXPECT_EQ(why(made, "d"), "not_selected") << "no name, so no name matches";
}

TEST(plan_selection, labels_and_size_narrow_further) {
  plan_node n;
  n.policy.remove.images->labels = {label("ci"), label("stage=test")};
  n.policy.remove.images->larger_than = 15;
  n.add("a", {{"d1", 16}}).labels = {{"ci", "1"}};
  n.add("b", {{"d2", 15}}).labels = {{"ci", "1"}};
  n.add("c", {{"d3", 16}}).labels = {{"stage", "prod"}};
  n.add("d", {{"d4", 16}}).labels = {{"stage", "test"}};
  n.add("e", {{"d5", 16}}).size.reset();
  n.find("e").labels = {{"ci", "1"}};
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "d"}));
  EXPECT_EQ(made.rule_text(verdict_of(made, "b")), "remove.images.larger_than = 15B");
  EXPECT_EQ(made.rule_text(verdict_of(made, "c")), "remove.images.labels = [\"ci\", \"stage=test\"]");
}

TEST(plan_selection, orders_by_use_arrival_or_bytes_alone_and_breaks_ties_by_id) {
  plan_node n;
  n.add("a", {{"shared", 500}, {"d1", 10}});
  n.add("b", {{"shared", 500}, {"d2", 20}});
  n.add("c", {{"d3", 30}});
  n.add("d", {{"d4", 30}});
  n.used("a", 10h, 20h);
  n.used("b", 20h, 20h);
  n.used("c", 5h, 50h);
  n.used("d", 20h, 30h);
  EXPECT_EQ(steps_of(n.plan()), (ids{"b", "d", "a", "c"}));
  n.policy.remove.images->order = core::image_order::oldest;
  EXPECT_EQ(steps_of(n.plan()), (ids{"c", "d", "a", "b"}));
  n.policy.remove.images->order = core::image_order::largest;
  EXPECT_EQ(steps_of(n.plan()), (ids{"c", "d", "b", "a"})) << "by what each alone frees, not by its listed size";
}

TEST(plan_selection, children_go_before_their_parents) {
  plan_node n;
  n.add("base", {{"d1", 10}}, 90h);
  n.add("child", {{"d1", 10}, {"d2", 20}}, 10h).parent_id = "base";
  n.add("old", {{"d3", 5}}, 50h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"child", "base", "old"})) << "in order of use, once children are before their parents";
  EXPECT_EQ(made.steps[0].freed, (core::byte_range{20, 20}));
  EXPECT_EQ(made.steps[1].freed, (core::byte_range{10, 10}));
}

// docuum 72 and 353 took such tags by force; the bytes stayed.
TEST(plan_selection, docuum_353_a_parent_of_an_image_that_stays_is_not_just_untagged) {
  plan_node n;
  n.add("base", {{"d1", 10}});
  n.add("child", {{"d1", 10}, {"d2", 20}}, 1min).parent_id = "base";
  auto made = n.plan();
  EXPECT_TRUE(made.steps.empty());
  EXPECT_EQ(why(made, "base"), "frees_nothing");
  n.policy.remove.images->untag = true;
  made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"base"}));
  EXPECT_EQ(made.freed(), (core::byte_range{0, 0}));
  n.policy.remove.images->untag = false;
  n.what.engine.store = core::image_store::containerd;
  for (const auto* id : {"base", "child"}) n.origin(id, core::image_origin::pulled);
  EXPECT_TRUE(n.plan().steps.empty()) << "Docker 26 takes its names there, and keeps it without a name";
}

TEST(plan_selection, an_old_parent_waits_for_its_child_while_others_go) {
  plan_node n;
  n.disk(1000, 0);
  n.until(core::quantity::disk_free, 49);
  n.add("base", {{"d1", 10}}, 90h);
  n.add("child", {{"d1", 10}, {"d2", 20}}, 10h).parent_id = "base";
  n.add("old", {{"d3", 50}}, 50h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"old"})) << "the child was used later, and is not needed";
  EXPECT_EQ(why(made, "child"), "goal_reached");
}

TEST(plan_selection, untagged_ancestors_go_along_and_are_named) {
  plan_node n;
  without_names(n.add("step1", {{"d1", 10}}));
  without_names(n.add("step2", {{"d1", 10}, {"d2", 20}})).parent_id = "step1";
  n.add("one", {{"d1", 10}, {"d2", 20}, {"d3", 1}}, 90h).parent_id = "step2";
  n.add("two", {{"d1", 10}, {"d2", 20}, {"d4", 2}}, 80h).parent_id = "step2";
  auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"one", "two"}));
  EXPECT_TRUE(made.steps[0].also.empty());
  EXPECT_EQ(made.steps[1].also, (ids{"step2", "step1"}));
  EXPECT_EQ(made.steps[1].freed, (core::byte_range{32, 32}));
  EXPECT_EQ(why(made, "step1"), "selected");
  EXPECT_EQ(made.rule_text(verdict_of(made, "step2")), "intermediate: goes with its last child");
  n.used("two", 1min, 1min);
  made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"one"}));
  EXPECT_EQ(why(made, "step1"), "not_selected");
  EXPECT_EQ(verdict_of(made, "step1").action, core::verdict_action::keep);
}

TEST(plan_selection, five_names_in_three_repositories_go_one_by_one) {
  plan_node n;
  auto& a = n.add("a", {{"d1", 10}});
  a.tags = {"z:1", "b:2", "b:1"};
  a.digests = {"registry:5000/c@sha256:1", "z@sha256:1", "b@sha256:1"};
  EXPECT_EQ(n.plan().steps[0].names, (ids{"b:1", "b:2", "z:1", "registry:5000/c@sha256:1"}))
      << "the digests of b and z go with their last tags";
  n.find("a").tags.clear();
  EXPECT_EQ(n.plan().steps[0].names, (ids{"b@sha256:1", "registry:5000/c@sha256:1", "z@sha256:1"}));
  n.find("a").digests.clear();
  EXPECT_TRUE(n.plan().steps[0].names.empty()) << "by its ID";
}

TEST(plan_selection, limits_hold_and_leave_room_for_what_still_fits) {
  plan_node n;
  n.add("a", {{"d1", 10}}, 90h);
  n.add("b", {{"d2", 100}}, 80h);
  n.add("c", {{"d3", 20}}, 70h);
  n.add("d", {{"d4", 1}}, 60h);
  n.policy.limits.bytes = 30;
  auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "c"}));
  EXPECT_EQ(why(made, "b"), "limit");
  EXPECT_EQ(made.rule_text(verdict_of(made, "d")), "limits.bytes = 30B");
  n.policy.limits = {.images = 3, .bytes = std::nullopt};
  made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a", "b", "c"}));
  EXPECT_EQ(made.rule_text(verdict_of(made, "d")), "limits.images = 3");
}

TEST(plan_selection, a_limit_takes_the_child_rather_than_the_parent_that_waits_for_it) {
  plan_node n;
  n.policy.limits.images = 1;
  n.add("base", {{"d1", 10}}, 90h);
  n.add("child", {{"d1", 10}, {"d2", 20}}, 50h).parent_id = "base";
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"child"})) << "else no run would ever get anywhere";
  EXPECT_EQ(why(made, "base"), "limit");
}

TEST(plan_selection, what_frees_nothing_takes_no_place_in_a_limit) {
  plan_node n;
  n.disk(1000, 0);
  n.until(core::quantity::disk_free, 500);
  n.policy.limits.images = 1;
  n.add("kept", {{"d1", 10}}, 1min);
  n.add("same", {{"d1", 10}}, 90h);
  n.add("other", {{"d2", 20}}, 50h);
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"other"}));
  EXPECT_EQ(why(made, "same"), "frees_nothing");
  EXPECT_EQ(step_of(made, "other").freed, (core::byte_range{20, 20}));
}

}  // namespace
}  // namespace docksweep::tests
