// What a policy may not say, and the comparisons that start and stop it.
#include "core/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docksweep::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

policy sound() {
  policy out;
  out.name = "pressure";
  out.when.quantities = {{quantity::disk, 0.85}};
  out.until = {{quantity::disk, 0.70}};
  out.remove.images = image_selection{};
  return out;
}

std::vector<std::string> keys(const policy& which) {
  std::vector<std::string> out;
  for (const auto& fault : check(which)) out.push_back(fault.key);
  return out;
}

TEST(policy_check, finds_nothing_in_a_sound_policy) {
  EXPECT_THAT(check(sound()), IsEmpty());
}

TEST(policy_check, a_goal_must_lie_beyond_its_threshold) {
  auto which = sound();
  which.until = {{quantity::disk, 0.9}};
  EXPECT_THAT(check(which),
              ElementsAre(policy_fault{
                  "until.disk_below",
                  "disk_below must be below when.disk_above (0.85), or the policy stops before it begins; it is 0.9"}));
  which.until = {{quantity::disk, 0.85}};
  EXPECT_THAT(keys(which), ElementsAre("until.disk_below"));
  which.when.quantities = {{quantity::disk_free, 20e9}};
  which.until = {{quantity::disk_free, 10e9}};
  EXPECT_THAT(check(which), ElementsAre(policy_fault{"until.disk_free_above",
                                                     "disk_free_above must be above when.disk_free_below (20GB), or "
                                                     "the policy stops before it begins; it is 10GB"}));
  which.until = {{quantity::disk_free, 30e9}};
  EXPECT_THAT(check(which), IsEmpty());
}

TEST(policy_check, ratios_lie_between_0_and_1) {
  auto which = sound();
  which.when.quantities = {{quantity::disk, 85}};
  EXPECT_THAT(check(which),
              ElementsAre(policy_fault{"when.disk_above",
                                       "85 is out of range: a ratio lies between 0 and 1; did you mean 0.85?"}));
  which.when.quantities = {{quantity::inodes, 0}};
  EXPECT_THAT(keys(which), ElementsAre("when.inodes_above"));
}

TEST(policy_check, what_starts_by_itself_and_takes_more_than_dangling_needs_a_bound) {
  auto which = sound();
  which.until.clear();
  EXPECT_THAT(keys(which), ElementsAre("remove"));
  which.limits.images = 5;
  EXPECT_THAT(keys(which), IsEmpty());
  which.limits.images.reset();
  which.remove.images->only_dangling = true;
  EXPECT_THAT(keys(which), IsEmpty());
  which.remove.volumes = volume_selection{.anonymous = true};
  EXPECT_THAT(keys(which), ElementsAre("remove"));
  which.when.quantities.clear();
  which.when.alerts = {*label_matcher::parse("a=\"b\"")};
  EXPECT_THAT(keys(which), ElementsAre("remove"));
  which.when.alerts.clear();
  which.when.schedule = *cron::parse("@daily");
  EXPECT_THAT(keys(which), IsEmpty()) << "a schedule needs no bound";
}

TEST(policy_check, finds_every_contradiction_at_once) {
  policy which;
  which.name = "no name";
  which.remove.containers =
      container_selection{.states = {container_state::running, container_state::exited, container_state::paused}};
  which.remove.volumes = volume_selection{};
  which.limits.images = 0;
  which.splay = 5min;
  which.when.hold = 5s;
  which.archive = "/a";
  EXPECT_THAT(keys(which), ElementsAre("name", "remove.volumes", "remove.containers.states", "remove.containers.states",
                                       "limits.images", "when.for", "splay", "archive"));
  EXPECT_THAT(keys(policy{.name = "empty"}), ElementsAre("remove"));
}

TEST(policy_name, is_a_label_value) {
  for (const auto* good : {"a", "nightly", "on-disk-alert", "v1.2_x"}) EXPECT_TRUE(is_policy_name(good)) << good;
  for (const auto* wrong : {"", "-a", "a-", "a b", "a/b", "ä", "a\n"}) EXPECT_FALSE(is_policy_name(wrong)) << wrong;
  EXPECT_TRUE(is_policy_name(std::string(63, 'a')));
  EXPECT_FALSE(is_policy_name(std::string(64, 'a')));
}

TEST(threshold, free_space_is_bad_when_it_is_small) {
  EXPECT_TRUE(fires({quantity::disk, 0.85}, 0.86));
  EXPECT_FALSE(fires({quantity::disk, 0.85}, 0.85));
  EXPECT_TRUE(met({quantity::disk, 0.7}, 0.69));
  EXPECT_FALSE(met({quantity::disk, 0.7}, 0.7));
  EXPECT_TRUE(fires({quantity::disk_free, 100}, 99));
  EXPECT_FALSE(fires({quantity::disk_free, 100}, 100));
  EXPECT_TRUE(met({quantity::disk_free, 100}, 101));
  EXPECT_EQ(when_key(quantity::disk_free), "disk_free_below");
  EXPECT_EQ(until_key(quantity::images_bytes), "images_bytes_below");
}

TEST(label_rule, matches_key_or_key_and_value) {
  EXPECT_TRUE(label_rule::parse("a")->matches({{"a", "x"}}));
  EXPECT_TRUE(label_rule::parse("a=x=y")->matches({{"a", "x=y"}}));
  EXPECT_FALSE(label_rule::parse("a=x")->matches({{"a", "y"}}));
  EXPECT_TRUE(label_rule::parse("a=")->matches({{"a", ""}}));
  EXPECT_FALSE(label_rule::parse("=x"));
  EXPECT_FALSE(label_rule::parse(""));
}

TEST(in_window, never_wins) {
  policy which;
  const instant monday_noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h;
  EXPECT_TRUE(in_window(which, monday_noon));
  which.windows = {*time_window::parse("Sat,Sun")};
  EXPECT_FALSE(in_window(which, monday_noon));
  which.windows.push_back(*time_window::parse("11:00-13:00"));
  EXPECT_TRUE(in_window(which, monday_noon));
  which.never = {*time_window::parse("Mon")};
  EXPECT_FALSE(in_window(which, monday_noon));
}

}  // namespace
}  // namespace docksweep::core
