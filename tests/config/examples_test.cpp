// What `init` writes: each example loads, only observes, and says what it is for.
#include "config/examples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/support.hpp"

namespace docksweep::config {
namespace {

using core::quantity;
using core::threshold;
using testing::ElementsAre;

settings example_settings(std::string_view name) {
  const auto* found = find_example(name);
  EXPECT_NE(found, nullptr) << name;
  if (found == nullptr) return {};
  const auto loaded = load_text(found->text, name, test_environment());
  EXPECT_TRUE(loaded) << in_lines(loaded.error());
  return loaded ? loaded->values : settings{};
}

TEST(examples, are_these) {
  std::vector<std::string_view> names;
  for (const auto& one : examples()) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("default", "small-server", "ci-runner", "kubernetes", "air-gapped", "nightly-script"));
  EXPECT_EQ(find_example("Kubernetes"), nullptr);
}

TEST(examples, load_observe_and_are_short) {
  for (const auto& one : examples()) {
    const auto all = example_settings(one.name);
    EXPECT_EQ(all.mode, core::mode::observe) << one.name;
    EXPECT_FALSE(one.summary.empty() || one.summary.starts_with('#') ||
                 one.summary.find('\n') != std::string_view::npos)
        << one.summary;
    EXPECT_TRUE(one.text.starts_with(std::string("# ").append(one.summary).append("\n"))) << one.name;
    if (one.name == "default") continue;
    EXPECT_FALSE(all.policies.empty()) << one.name;
    EXPECT_LE(std::ranges::count(one.text, '\n'), 40) << one.name;
  }
}

TEST(examples, kubernetes_stays_below_the_kubelets_marks) {
  for (const auto& policy : example_settings("kubernetes").policies) {
    if (policy.name != "pressure") continue;
    EXPECT_THAT(policy.when.quantities, ElementsAre(threshold{quantity::disk, 0.75}));
    EXPECT_THAT(policy.until, ElementsAre(threshold{quantity::disk, 0.65}));
  }
  EXPECT_EQ(example_settings("kubernetes").policies.at(0).name, "pressure");
}

TEST(examples, nightly_script_selects_what_the_script_selects) {
  const auto all = example_settings("nightly-script");
  const auto& policy = all.policies.at(0);
  EXPECT_EQ(policy.when.schedule->text(), "0 2 * * *");
  EXPECT_FALSE(policy.remove.images->only_dangling);
  EXPECT_TRUE(policy.keep.images_regex->search("registry/kube-system/pause:3.9"));
  EXPECT_TRUE(policy.keep.images_regex->search("registry/library/alpine:3"));
  EXPECT_FALSE(policy.keep.images_regex->search("registry/team/app:1"));
  EXPECT_THAT(policy.remove.containers->states, ElementsAre(core::container_state::exited));
  EXPECT_EQ(policy.remove.containers->stopped_for.count(), 0);
  const auto& names = policy.remove.containers->names;
  ASSERT_EQ(names.size(), 2U);
  EXPECT_TRUE(names[0].pattern.matches("job") && !names[0].excluded);
  EXPECT_TRUE(names[1].pattern.matches("k8s_POD_x") && names[1].excluded);
}

TEST(examples, air_gapped_removes_nothing_by_itself_that_cannot_be_had_back) {
  for (const auto& policy : example_settings("air-gapped").policies) {
    EXPECT_TRUE(policy.keep.local_only || !policy.when.schedule) << policy.name;
    EXPECT_TRUE(policy.keep.local_only || !policy.archive.empty()) << policy.name;
  }
}

}  // namespace
}  // namespace docksweep::config
