// explain: every rule for and against one image, in order of precedence, and the plan's own verdict among them.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/plan_node.hpp"

namespace docksweep::tests {
namespace {

using core::finding;
using core::reason;

std::vector<finding> explain(plan_node& n, const std::string& id) {
  n.load_usage();
  const auto of = n.view();
  const auto at = std::ranges::find(of.what().images, id, &core::image::id) - of.what().images.begin();
  return core::explain(n.picture(of), static_cast<std::size_t>(at), n.policy, n.now);
}

const finding& about(const std::vector<finding>& all, reason why) {
  const auto found = std::ranges::find(all, why, &finding::why);
  if (found == all.end()) throw std::logic_error("no finding about " + std::string(to_string(why)));
  return *found;
}

reason decides(const std::vector<finding>& all) {
  return std::ranges::find(all, true, &finding::holds)->why;
}

TEST(plan_explain, says_which_rules_hold_and_until_when) {
  plan_node n;
  n.policy.keep.images = {glob("app:*")};
  n.policy.remove.images->unused_for = 24h;
  n.add("a", {{"d1", 10}}, 12min).tags = {"app:1"};
  n.used("a", 12min, 72h);
  n.add_container("web", "a").state = core::container_state::running;
  const auto all = explain(n, "a");
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &finding::why));
  EXPECT_EQ(decides(all), reason::in_use);
  EXPECT_EQ(about(all, reason::in_use).detail, "held by container web (running)");
  EXPECT_FALSE(about(all, reason::unreadable).holds);
  EXPECT_FALSE(about(all, reason::label).holds);
  EXPECT_EQ(about(all, reason::label).rule, "keep.labels = docksweep.keep");
  EXPECT_TRUE(about(all, reason::reference).holds);
  EXPECT_EQ(about(all, reason::reference).detail, "app:1");
  EXPECT_EQ(about(all, reason::regex).rule, "keep.images_regex is not set");
  EXPECT_TRUE(about(all, reason::min_age).holds);
  EXPECT_EQ(about(all, reason::min_age).detail, "used 12 minutes ago, arrived 3 days ago");
  EXPECT_EQ(about(all, reason::min_age).until, n.now + 48min);
  EXPECT_TRUE(about(all, reason::not_selected).holds);
  EXPECT_EQ(about(all, reason::not_selected).rule, "remove.images.unused_for = 1d");
  EXPECT_EQ(about(all, reason::not_selected).until, n.now + 23h + 48min);
  EXPECT_FALSE(about(all, reason::selected).holds);
}

TEST(plan_explain, an_image_that_goes_says_in_which_step) {
  plan_node n;
  n.policy.remove.containers.emplace();
  n.add("a", {{"d1", 10}});
  n.add_container("old", "a");
  const auto all = explain(n, "a");
  EXPECT_EQ(decides(all), reason::selected);
  EXPECT_EQ(about(all, reason::in_use).detail, "held by container old (exited), which this policy removes before");
  EXPECT_EQ(about(all, reason::selected).detail, "step 2 of 2");
  EXPECT_EQ(about(all, reason::selected).rule, "remove.images = unused");
}

TEST(plan_explain, knows_goals_limits_and_intermediate_images) {
  plan_node n;
  n.policy.limits.images = 1;
  auto& step = n.add("step", {{"d0", 5}});
  step.tags.clear();
  step.digests.clear();
  n.add("a", {{"d0", 5}, {"d1", 10}}, 90h).parent_id = "step";
  n.add("b", {{"d2", 10}}, 80h);
  EXPECT_EQ(decides(explain(n, "b")), reason::limit);
  EXPECT_EQ(about(explain(n, "b"), reason::limit).rule, "limits.images = 1");
  EXPECT_EQ(decides(explain(n, "step")), reason::selected);
  EXPECT_EQ(about(explain(n, "step"), reason::selected).detail, "step 1 of 1, with its last child");
  n.used("a", 1min, 1min);
  EXPECT_EQ(decides(explain(n, "step")), reason::not_selected);
  EXPECT_EQ(about(explain(n, "step"), reason::not_selected).rule, "intermediate: goes with its last child");
}

TEST(plan_explain, what_was_never_seen_counts_as_used_now) {
  plan_node n;
  n.add("a", {{"d1", 10}});
  n.used_images.clear();
  EXPECT_EQ(about(explain(n, "a"), reason::min_age).detail, "not seen before: counts as used now");
}

TEST(plan_words, are_those_of_the_contract) {
  std::string reasons;
  for (const auto one : core::all_reasons) reasons += std::string(to_string(one)) + " ";
  EXPECT_EQ(reasons,
            "in_use unreadable label reference regex container per_repository digest_only local_only min_age "
            "not_selected frees_nothing limit goal_reached selected ");
  EXPECT_TRUE(std::ranges::is_sorted(core::all_reasons)) << "their order is their precedence";
  std::string kinds;
  for (const auto one : core::all_target_kinds) kinds += std::string(to_string(one)) + " ";
  EXPECT_EQ(kinds, "container build_cache image volume ");
  EXPECT_EQ(to_string(core::verdict_action::keep), "keep");
  EXPECT_EQ(to_string(core::verdict_action::remove), "remove");
}

}  // namespace
}  // namespace docksweep::tests
