// What no policy removes: each keep rule, and which of them decides.
#include <gtest/gtest.h>

#include <utility>

#include "core/plan_node.hpp"

namespace docksweep::tests {
namespace {

using ids = std::vector<std::string>;

TEST(plan_keep, an_image_of_any_container_is_in_use) {
  for (const auto state : core::all_container_states) {
    plan_node n;
    n.add("a", {{"d1", 10}});
    n.add_container("web", "a").state = state;
    const auto made = n.plan();
    EXPECT_TRUE(made.steps.empty()) << to_string(state);
    EXPECT_EQ(why(made, "a"), "in_use");
    EXPECT_EQ(made.rule_text(verdict_of(made, "a")), "held by container web (" + std::string(to_string(state)) + ")");
  }
}

TEST(plan_keep, an_image_that_is_mounted_is_in_use) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  n.add("b", {{"d2", 10}});
  n.add_container("web", "b").image_mounts = {"a"};
  EXPECT_EQ(why(n.plan(), "a"), "in_use");
}

TEST(plan_keep, docuum_341_one_odd_object_stops_nothing) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  n.add("odd", {{"d2", 20}});
  n.what.details[1] = nullptr;
  n.add_container("removing", "gone").state = core::container_state::removing;
  n.add_container("dead", "gone-too").state = core::container_state::dead;
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"a"}));
  EXPECT_EQ(why(made, "odd"), "unreadable");
  EXPECT_EQ(made.freed(), (core::byte_range{0, 10})) << "it may hold any layer";
  EXPECT_FALSE(made.partial);
}

TEST(plan_keep, a_partial_view_is_planned_for_show_only) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  n.what.unreadable = 1;
  EXPECT_TRUE(n.plan().partial);
  EXPECT_EQ(steps_of(n.plan()), (ids{"a"}));
}

TEST(plan_keep, labels_of_the_image_or_of_its_container) {
  plan_node n;
  n.policy.keep.labels = {label("keep"), label("tier=gold")};
  n.policy.remove.containers.emplace();
  n.add("a", {{"d1", 10}}).labels = {{"keep", "no matter"}};
  n.add("b", {{"d2", 10}}).labels = {{"tier", "gold"}};
  n.add("c", {{"d3", 10}}).labels = {{"tier", "silver"}};
  n.add("d", {{"d4", 10}});
  n.add_container("labelled", "d").labels = {{"keep", ""}};
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"c"}));
  EXPECT_EQ(why(made, "a"), "label");
  EXPECT_EQ(made.rule_text(verdict_of(made, "b")), "keep.labels = tier=gold");
  EXPECT_EQ(why_container(made, "labelled"), "label");
  EXPECT_EQ(why(made, "d"), "in_use");
}

TEST(plan_keep, globs_hold_an_image_by_any_name_in_any_spelling) {
  plan_node n;
  n.policy.keep.images = {glob("docker.io/library/alpine:*"), glob("*/kube-system/*"), glob("*@sha256:f*")};
  n.add("a", {{"d1", 10}}).tags = {"mine:1", "alpine:3.19"};
  n.add("b", {{"d2", 10}}).tags = {"registry:5000/kube-system/pause:3.9"};
  n.add("c", {{"d3", 10}}).digests = {"app@sha256:f00"};
  n.add("d", {{"d4", 10}}).tags = {"library/alpine-like:1"};
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"d"}));
  EXPECT_EQ(why(made, "a"), "reference");
  EXPECT_EQ(made.rule_text(verdict_of(made, "b")), "keep.images = */kube-system/*");
  EXPECT_EQ(why(made, "c"), "reference");
}

// Eraser 1107 removed the pause image; the nightly script keeps it by this expression.
TEST(plan_keep, eraser_1107_a_regex_is_searched_in_names_as_the_engine_spells_them) {
  plan_node n;
  n.policy.keep.images_regex = regex("(/kube-system/)|(/library/)");
  n.add("a", {{"d1", 10}}).tags = {"registry.k8s.io/kube-system/pause:3.9"};
  n.add("b", {{"d2", 10}}).tags = {"alpine:3.19"};
  n.add("c", {{"d3", 10}}).tags = {"docker.io/library/alpine:3.19"};
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"b"})) << "no slash in it, whatever its canonical form";
  EXPECT_EQ(why(made, "c"), "regex");
}

TEST(plan_keep, the_newest_tags_of_each_repository_by_arrival) {
  plan_node n;
  n.policy.keep.per_repository = 2;
  for (const auto* id : {"v1", "v2", "v3"}) n.add(id, {{id, 10}}).tags = {"registry:5000/app:" + std::string(id)};
  n.add("other", {{"d1", 10}}).tags = {"registry:5000/other:1"};
  n.used("v1", 100h, 200h);
  n.used("v2", 100h, 400h);
  n.used("v3", 100h, 300h);
  n.find("v2").created = n.now - 1h;  // built last, came first
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"v2"}));
  EXPECT_EQ(why(made, "v1"), "per_repository");
  EXPECT_EQ(made.rule_text(verdict_of(made, "other")), "keep.per_repository = 2");
}

TEST(plan_keep, the_newest_tags_by_build_date_where_all_arrived_at_once) {
  plan_node n;
  n.policy.keep.per_repository = 1;
  n.add("v1", {{"d1", 10}}).tags = {"app:1"};
  n.add("v2", {{"d2", 10}}).tags = {"app:2"};
  n.find("v1").created = n.now - 1h;
  n.find("v2").created = n.now - 2h;
  EXPECT_EQ(steps_of(n.plan()), (ids{"v2"}));
  n.find("v1").created = n.find("v2").created;
  EXPECT_EQ(steps_of(n.plan()), (ids{"v1"})) << "then by name";
}

TEST(plan_keep, images_known_by_digest_alone_where_asked) {
  plan_node n;
  n.add("a", {{"d1", 10}}).tags.clear();
  EXPECT_EQ(steps_of(n.plan()), (ids{"a"}));
  n.policy.keep.digest_only = true;
  EXPECT_EQ(why(n.plan(), "a"), "digest_only");
}

TEST(plan_keep, coolify_11582_what_no_registry_has_stays) {
  plan_node n;
  n.add("built", {{"d1", 10}}).digests.clear();
  n.add("pulled", {{"d2", 10}});
  auto& dangling = n.add("dangling", {{"d3", 10}});
  dangling.tags.clear();
  dangling.digests.clear();
  auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"dangling", "pulled"})) << "it does not hold dangling images";
  EXPECT_EQ(why(made, "built"), "local_only");
  n.policy.keep.local_only = false;
  EXPECT_EQ(steps_of(n.plan()).size(), 3U);
}

core::safeguards first_of(const core::plan& made, const std::string& id) {
  for (const auto& step : made.steps) {
    if (step.id == id) return step.first;
  }
  ADD_FAILURE() << id << " does not go";
  return {};
}

TEST(plan_keep, what_is_local_only_goes_when_it_is_saved_first) {
  for (const bool local_only : {true, false}) {
    plan_node n;
    n.add("local", {{"d1", 10}}).digests.clear();
    n.add("pulled", {{"d2", 10}});
    n.add("dangling", {{"d3", 10}}).tags.clear();
    n.policy.keep.local_only = local_only;
    n.policy.archive = "/mnt/backup";
    const auto made = n.plan();
    EXPECT_EQ(steps_of(made).size(), 3U);
    EXPECT_EQ(first_of(made, "local"), (core::safeguards{.ask_registry = false, .archive = true}));
    EXPECT_EQ(first_of(made, "pulled"), core::safeguards());
    EXPECT_EQ(first_of(made, "dangling"), core::safeguards()) << "local_only does not hold them";
  }
}

TEST(plan_keep, with_ask_registry_only_what_a_registry_can_be_asked_about_goes) {
  for (const bool containerd : {false, true}) {
    plan_node n;
    if (containerd) n.what.engine.store = core::image_store::containerd;
    n.add("local", {{"d1", 10}}).digests.clear();
    n.add("podman", {{"d2", 10}}).digests = {"localhost/podman@sha256:aa"};
    n.add("digest", {{"d3", 10}});  // on the containerd store it proves nothing, and can be asked for
    n.policy.keep.local_only = false;
    n.policy.keep.ask_registry = true;
    n.find("podman").tags = {"localhost/podman:1"};
    const auto made = n.plan();
    // There an image's ID is what a registry would know it by.
    EXPECT_EQ(steps_of(made), containerd ? (ids{"digest", "local"}) : (ids{"digest"}));
    EXPECT_EQ(first_of(made, "digest"), (core::safeguards{.ask_registry = true, .archive = false}));
    EXPECT_EQ(why(made, "local"), containerd ? "selected" : "local_only");
    EXPECT_EQ(why(made, "podman"), "local_only");
  }
}

// The goal is reached by what comes after them.
TEST(plan_keep, what_could_lately_not_be_made_safe_stays) {
  plan_node n;
  n.add("gone_from_its_registry", {{"d1", 10}}, 3000h);
  n.add("next", {{"d2", 10}}, 2000h);
  n.policy.until = {{core::quantity::images_bytes, 15}};
  const core::image_ids not_safe{"gone_from_its_registry"};
  const auto plan = [&] {
    n.load_usage();
    const auto node = n.view();
    auto picture = n.picture(node);
    picture.not_safe = &not_safe;
    return core::make_plan(picture, n.policy, n.now);
  };
  EXPECT_EQ(steps_of(plan()), ids{"gone_from_its_registry"}) << "nothing has to come before its removal";
  n.policy.keep.ask_registry = true;
  EXPECT_EQ(steps_of(plan()), ids{"next"});
  EXPECT_EQ(why(plan(), "gone_from_its_registry"), "local_only");
}

TEST(plan_keep, what_no_registry_can_be_asked_about_is_saved_where_there_is_an_archive) {
  plan_node n;
  n.add("local", {{"d1", 10}}).digests.clear();
  n.add("digest", {{"d2", 10}});
  n.policy.keep.ask_registry = true;
  n.policy.archive = "/mnt/backup";
  const auto made = n.plan();
  EXPECT_EQ(first_of(made, "local"), (core::safeguards{.ask_registry = false, .archive = true}));
  EXPECT_EQ(first_of(made, "digest"), (core::safeguards{.ask_registry = true, .archive = true}));
}

TEST(plan_keep, a_digest_proves_no_registry_on_the_containerd_store_and_on_podman) {
  for (const bool podman : {false, true}) {
    plan_node n;
    if (podman) n.what.engine.engine = "podman";
    if (!podman) n.what.engine.store = core::image_store::containerd;
    n.add("a", {{"d1", 10}});
    n.add("b", {{"d2", 10}});
    n.origin("b", core::image_origin::pulled);
    n.add("c", {{"d3", 10}});
    n.origin("c", core::image_origin::loaded);
    const auto made = n.plan();
    EXPECT_EQ(steps_of(made), (ids{"b"}));
    EXPECT_EQ(why(made, "a"), "local_only");
    EXPECT_EQ(why(made, "c"), "local_only");
  }
}

TEST(plan_keep, docs_10297_age_not_from_build_date) {
  plan_node n;
  n.add("a", {{"d1", 10}}, 59min).created = n.now - 9000h;
  n.add("b", {{"d2", 10}}, 61min).created = n.now - 1min;
  const auto made = n.plan();
  EXPECT_EQ(steps_of(made), (ids{"b"}));
  EXPECT_EQ(why(made, "a"), "min_age");
  EXPECT_EQ(verdict_of(made, "a").eligible_at, n.now + 1min);
  EXPECT_EQ(made.rule_text(verdict_of(made, "a")), "keep.min_age = 1h");
}

TEST(plan_keep, docuum_320_use_counts_as_much_as_arrival) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  n.used("a", 10min, 5000h);  // a cached rebuild tagged it again
  EXPECT_EQ(why(n.plan(), "a"), "min_age");
}

TEST(plan_keep, k8s_119642_what_nobody_watched_counts_as_used_now) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  n.used_images.clear();
  const auto made = n.plan();
  EXPECT_EQ(why(made, "a"), "min_age");
  EXPECT_EQ(verdict_of(made, "a").eligible_at, n.now + 1h);
  n.policy.keep.min_age = 0h;
  EXPECT_EQ(steps_of(n.plan()), (ids{"a"}));
}

TEST(plan_keep, a_moment_in_the_future_counts_as_now) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  n.load_usage();
  n.usage.images.clock_jumped(2000h);  // the clock went back after that was written
  const auto of = n.view();
  const auto made = core::make_plan(n.picture(of), n.policy, n.now);
  EXPECT_EQ(verdict_of(made, "a").eligible_at, n.now + 1h);
}

TEST(plan_keep, the_first_rule_in_order_of_precedence_decides) {
  plan_node n;
  auto& a = n.add("a", {{"d1", 10}}, 1min);
  a.labels = {{"docksweep.keep", ""}};
  a.digests.clear();
  n.policy.keep.images = {glob("a:*")};
  n.policy.keep.images_regex = regex("^a");
  n.policy.keep.per_repository = 1;
  n.policy.remove.images.reset();
  n.add_container("c", "a");
  const auto next = [&](std::string_view expected) { EXPECT_EQ(why(n.plan(), "a"), expected); };
  next("in_use");
  n.what.containers.clear();
  auto details = std::exchange(n.what.details[0], nullptr);
  next("unreadable");
  n.what.details[0] = details;
  next("label");
  n.find("a").labels.clear();
  next("reference");
  n.policy.keep.images.clear();
  next("regex");
  n.policy.keep.images_regex.reset();
  next("per_repository");
  n.policy.keep.per_repository = 0;
  next("local_only");
  n.find("a").digests = {"a@sha256:d"};
  next("min_age");
  n.used("a", 2h, 2h);
  next("not_selected");
  n.policy.remove.images.emplace();
  next("selected");
}

TEST(plan_keep, protections_name_the_first_keep_rule_of_each_image) {
  plan_node n;
  n.add("held", {{"d1", 10}}, 1min);
  n.add("young", {{"d2", 10}}, 1min);
  n.add("local", {{"d3", 10}}, 1min).digests.clear();
  n.add("free", {{"d4", 10}});
  n.add_container("c", "held");
  n.load_usage();
  const auto of = n.view();
  const auto found = core::protections(n.picture(of), n.policy.keep, n.now);
  using maybe = std::optional<core::reason>;
  // In order of ID: free, held, local, young.
  EXPECT_EQ(found, (std::vector<maybe>{std::nullopt, std::nullopt, core::reason::local_only, core::reason::min_age}));
}

TEST(plan_keep, everything_unused_is_a_policy_without_a_goal) {
  core::keep_rules keep;
  keep.per_repository = 3;
  const auto all = core::everything_unused(keep);
  EXPECT_EQ(all.keep, keep);
  EXPECT_TRUE(all.until.empty());
  EXPECT_TRUE(all.name.empty());
  ASSERT_TRUE(all.remove.images);
  EXPECT_EQ(*all.remove.images, core::image_selection{});
  EXPECT_FALSE(all.remove.containers || all.remove.volumes || all.remove.build_cache);
}

}  // namespace
}  // namespace docksweep::tests
