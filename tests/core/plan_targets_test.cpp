// What goes beside images: containers, build cache and volumes, and what that sets free.
#include <gtest/gtest.h>

#include "core/plan_node.hpp"

namespace docksweep::tests {
namespace {

using core::byte_range;
using core::target_kind;
using ids = std::vector<std::string>;

plan_node only_containers() {
  plan_node n;
  n.policy.remove = {};
  n.policy.remove.containers.emplace();
  return n;
}

ids containers_of(const core::plan& made) {
  return steps_of(made, target_kind::container);
}

TEST(plan_containers, those_that_stood_still_long_enough_go_longest_first) {
  auto n = only_containers();
  n.add_container("a", "x", 2h);
  n.add_container("b", "x", 3h);
  n.add_container("young", "x", 20min);
  auto& dead = n.add_container("dead", "x", 4h);
  dead.state = core::container_state::dead;
  n.add_container("created", "x").state = core::container_state::created;
  const auto made = n.plan();
  EXPECT_EQ(containers_of(made), (ids{"dead", "b", "a"}));
  EXPECT_EQ(why_container(made, "young"), "not_selected");
  EXPECT_EQ(verdict_of(made, "young", target_kind::container).eligible_at, n.now + 40min);
  EXPECT_EQ(made.rule_text(verdict_of(made, "created", target_kind::container)),
            "remove.containers.states has no created");
  EXPECT_EQ(made.steps[0].names, (ids{"dead"}));
}

TEST(plan_containers, a_live_one_never_goes_whatever_is_selected) {
  using core::container_state;
  for (const auto state :
       {container_state::running, container_state::paused, container_state::restarting, container_state::removing}) {
    auto n = only_containers();
    n.policy.remove.containers->states = {state};
    n.policy.remove.containers->names = {name("*")};
    n.add_container("a", "x").state = state;
    EXPECT_TRUE(n.plan().steps.empty());
    EXPECT_EQ(why_container(n.plan(), "a"), "in_use");
    // Started since the listing: the inspect knows.
    n.what.containers[0].state = container_state::exited;
    n.stopped["a"].state = state;
    n.policy.remove.containers->states = {container_state::exited};
    EXPECT_EQ(why_container(n.plan(), "a"), "in_use");
  }
}

TEST(plan_containers, one_without_its_inspect_stays) {
  auto n = only_containers();
  n.add_container("a", "x");
  n.stopped.clear();
  EXPECT_EQ(why_container(n.plan(), "a"), "unreadable");
}

TEST(plan_containers, one_that_never_ran_counts_from_when_it_was_made) {
  auto n = only_containers();
  n.policy.remove.containers->states = {core::container_state::created};
  auto& one = n.add_container("a", "x");
  one.state = core::container_state::created;
  one.created = n.now - 30min;
  n.stopped["a"].finished_at.reset();
  EXPECT_EQ(verdict_of(n.plan(), "a", target_kind::container).eligible_at, n.now + 30min);
  n.what.containers[0].created = n.now + 30min;
  EXPECT_EQ(verdict_of(n.plan(), "a", target_kind::container).eligible_at, n.now + 1h) << "the future counts as now";
  n.what.containers[0].created.reset();
  EXPECT_TRUE(n.plan().steps.empty()) << "nobody knows since when";
}

struct shield {
  std::string what;
  void (*apply)(plan_node&);
};

class plan_shielded_containers : public testing::TestWithParam<shield> {};

TEST_P(plan_shielded_containers, go_only_where_names_or_labels_select_them) {
  auto n = only_containers();
  n.add_container("a", "x");
  GetParam().apply(n);
  const auto goes = [&] { return !containers_of(n.plan()).empty(); };
  auto& selection = *n.policy.remove.containers;
  EXPECT_FALSE(goes());
  EXPECT_EQ(why_container(n.plan(), "a"), "not_selected");
  selection.names = {name("!other*")};
  EXPECT_FALSE(goes()) << "names that only exclude select nothing";
  selection.names = {name("*"), name("!other*")};
  EXPECT_TRUE(goes());
  selection.names.clear();
  selection.labels = {label("mine")};
  EXPECT_FALSE(goes());
  n.what.containers[0].labels.emplace_back("mine", "");
  EXPECT_TRUE(goes());
}

INSTANTIATE_TEST_SUITE_P(
    plan_containers, plan_shielded_containers,
    testing::Values(shield{"kubernetes_label",
                           [](plan_node& n) { n.what.containers[0].labels = {{"io.kubernetes.pod.name", "p"}}; }},
                    shield{"kubernetes_name", [](plan_node& n) { n.what.containers[0].names = {"k8s_pod"}; }},
                    shield{"swarm",
                           [](plan_node& n) { n.what.containers[0].labels = {{"com.docker.swarm.task", "t"}}; }},
                    shield{"restart_policy", [](plan_node& n) { n.stopped["a"].restart_policy = "unless-stopped"; }},
                    shield{"writable_layer", [](plan_node& n) { n.stopped["a"].writable_bytes = (10 << 20) + 1; }},
                    shield{"measured_layer",
                           [](plan_node& n) {
                             n.stopped["a"].writable_bytes.reset();
                             n.what.disk->container_writable_bytes = {{"a", (10 << 20) + 1}};
                           }}),
    [](const auto& param) { return param.param.what; });

// The selection of the well-known nightly script.
TEST(plan_containers, names_select_and_exclude) {
  auto n = only_containers();
  n.policy.remove.containers->names = {name("*"), name("!*k8s*")};
  for (const auto* id : {"web", "k8s_web", "my-k8s"}) n.add_container(id, "x");
  EXPECT_EQ(containers_of(n.plan()), (ids{"web"}));
}

TEST(plan_containers, keep_containers_holds_them_and_so_their_images) {
  auto n = only_containers();
  n.policy.remove.images.emplace();
  n.policy.keep.containers = {glob("db*")};
  n.add("image", {{"d1", 10}});
  n.add_container("db-1", "image");
  n.add_container("web", "image");
  const auto made = n.plan();
  EXPECT_EQ(containers_of(made), (ids{"web"}));
  EXPECT_EQ(why_container(made, "db-1"), "container");
  EXPECT_EQ(why(made, "image"), "in_use");
  EXPECT_EQ(made.rule_text(verdict_of(made, "image")), "held by container db-1 (exited)");
}

TEST(plan_containers, set_their_images_free) {
  auto n = only_containers();
  n.policy.remove.images.emplace();
  n.add("image", {{"d1", 10}});
  n.add("other", {{"d2", 20}}, 2000h);
  n.add_container("a", "image", 5h);
  n.add_container("b", "image", 4h);
  n.add_container("c", "other", 3h).state = core::container_state::running;
  n.stopped["a"].writable_bytes = 7;
  const auto made = n.plan();
  ASSERT_EQ(made.steps.size(), 3U);
  EXPECT_EQ(made.steps[0].id, "a");
  EXPECT_EQ(made.steps[0].freed, (byte_range{7, 7}));
  EXPECT_EQ(made.steps[2].id, "image");
  EXPECT_EQ(made.steps[2].after_step, 2U) << "the last container that held it";
  EXPECT_EQ(made.steps[2].cumulative, (byte_range{17, 17}));
  EXPECT_EQ(why(made, "other"), "in_use");
}

TEST(plan_containers, an_untagged_ancestor_that_one_held_goes_along_after_it) {
  auto n = only_containers();
  n.policy.remove.images.emplace();
  auto& step = n.add("step", {{"d1", 10}});
  step.tags.clear();
  step.digests.clear();
  n.add("child", {{"d1", 10}, {"d2", 20}}).parent_id = "step";
  n.add_container("a", "step");
  const auto made = n.plan();
  ASSERT_EQ(made.steps.size(), 2U);
  EXPECT_EQ(made.steps[1].also, (ids{"step"}));
  EXPECT_EQ(made.steps[1].after_step, 1U);
  EXPECT_EQ(made.freed(), (byte_range{30, 30}));
}

TEST(plan_containers, are_given_back_when_their_images_are_not_needed) {
  auto n = only_containers();
  n.policy.remove.images.emplace();
  n.disk(1000, 0);
  n.until(core::quantity::disk_free, 99);
  n.add("big", {{"d1", 100}}, 2000h);
  n.add("small", {{"d2", 10}}, 1000h);
  n.add_container("a", "big");
  n.add_container("b", "small");
  const auto made = n.plan();
  EXPECT_EQ(containers_of(made), (ids{"a"}));
  EXPECT_EQ(steps_of(made), (ids{"big"}));
  EXPECT_EQ(why_container(made, "b"), "goal_reached");
  EXPECT_EQ(why(made, "small"), "in_use") << "its container stays";
}

TEST(plan_containers, their_writable_layers_may_do_alone) {
  auto n = only_containers();
  n.policy.remove.images.emplace();
  n.disk(1000, 0);
  n.until(core::quantity::disk_free, 99);
  n.add("a", {{"d1", 500}});
  n.add_container("c1", "x", 5h);
  n.add_container("c2", "x", 4h);
  n.stopped["c1"].writable_bytes = 100;
  const auto made = n.plan();
  EXPECT_EQ(containers_of(made), (ids{"c1"}));
  EXPECT_TRUE(steps_of(made).empty());
  EXPECT_EQ(why_container(made, "c2"), "goal_reached");
  EXPECT_EQ(made.goal_step, 1U);
}

// docuum 271, 292, 316: image bytes fine while the disk is full of build cache.
TEST(plan_build_cache, docuum_271_goes_before_images_as_far_as_it_is_over) {
  plan_node n;
  n.policy.remove.build_cache = core::build_cache_selection{.over = 30};
  n.add("a", {{"d1", 10}});
  n.what.disk->build_cache_bytes = 100;
  n.what.disk->build_cache_reclaimable_bytes = 90;
  auto made = n.plan();
  ASSERT_EQ(made.steps.size(), 2U);
  EXPECT_EQ(made.steps[0].kind, target_kind::build_cache);
  EXPECT_EQ(made.steps[0].freed, (byte_range{0, 70})) << "the engine chooses the records";
  EXPECT_EQ(made.steps[0].keep_bytes, 30);
  EXPECT_EQ(made.freed(), (byte_range{10, 80}));
  n.what.disk->build_cache_reclaimable_bytes = 50;
  EXPECT_EQ(n.plan().steps[0].freed, (byte_range{0, 50}));
  n.policy.limits.bytes = 40;
  made = n.plan();
  EXPECT_EQ(made.steps[0].freed, (byte_range{0, 40}));
  EXPECT_EQ(made.steps[0].keep_bytes, 60);
  EXPECT_EQ(why(made, "a"), "limit");
}

TEST(plan_build_cache, no_step_where_there_is_nothing_over) {
  plan_node n;
  n.policy.remove.build_cache = core::build_cache_selection{.over = 100};
  n.what.disk->build_cache_bytes = 100;
  n.what.disk->build_cache_reclaimable_bytes = 100;
  EXPECT_TRUE(n.plan().steps.empty());
  n.what.disk->build_cache_bytes.reset();
  EXPECT_TRUE(n.plan().steps.empty()) << "the engine has none";
  n.what.disk.reset();
  EXPECT_TRUE(n.plan().steps.empty()) << "nobody knows yet";
}

TEST(plan_volumes, none_goes_unless_a_policy_says_which) {
  plan_node n;
  n.add_volume("data", 10).anonymous = true;
  EXPECT_TRUE(n.plan().steps.empty());
}

TEST(plan_volumes, anonymous_or_named_ones_that_nobody_holds) {
  plan_node n;
  n.policy.remove.volumes = core::volume_selection{.anonymous = true, .names = {glob("cache-*")}};
  n.add_volume("anonymous", 10, 50h).anonymous = true;
  n.add_volume("cache-1", 20, 90h);
  n.add_volume("data", 40);
  n.add_volume("cache-held", 1).references = 1;
  n.add_volume("cache-unknown", 1).references.reset();
  n.add_volume("cache-mounted", 1);
  n.add_volume("cache-young", 1, 10min);
  n.add_volume("cache-labelled", 1).labels = {{"docksweep.keep", ""}};
  n.add_volume("cache-remote", 1, 20h).size.reset();
  n.add_container("c", "x").volumes = {"cache-mounted"};
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made, target_kind::volume), (ids{"cache-1", "anonymous", "cache-remote"}));
  EXPECT_EQ(made.freed(), (byte_range{30, 30}));
  n.policy.remove.volumes->unused_for = 60h;
  EXPECT_EQ(steps_of(n.plan(), target_kind::volume), (ids{"cache-1"}));
}

TEST(plan_volumes, those_of_a_container_that_goes_wait_for_the_next_run) {
  auto n = only_containers();
  n.policy.remove.volumes = core::volume_selection{.anonymous = true, .names = {}};
  n.add_volume("v", 10).anonymous = true;
  n.add_container("c", "x").volumes = {"v"};
  EXPECT_EQ(containers_of(n.plan()), (ids{"c"}));
  EXPECT_TRUE(steps_of(n.plan(), target_kind::volume).empty());
}

TEST(plan_volumes, come_last_and_only_where_the_rest_is_not_enough) {
  plan_node n;
  n.disk(1000, 0);
  n.until(core::quantity::disk_free, 99);
  n.policy.remove.volumes = core::volume_selection{.anonymous = false, .names = {glob("*")}};
  n.add("a", {{"d1", 60}});
  n.add_volume("v1", 30, 90h);
  n.add_volume("v2", 70, 80h);
  auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a"}));
  EXPECT_EQ(steps_of(made, target_kind::volume), (ids{"v2"})) << "v1 and a are not enough, a and v2 are";
  EXPECT_EQ(made.goal_step, 2U);
  n.policy.until[0].value = 50;
  EXPECT_TRUE(steps_of(n.plan(), target_kind::volume).empty());
}

}  // namespace
}  // namespace docksweep::tests
