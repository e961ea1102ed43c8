// What the record says about itself: words, whether a removal can be undone, and whether it is paused.
#include "core/history.hpp"

#include <gtest/gtest.h>

#include <set>

namespace docksweep::tests {
namespace {

using namespace std::chrono_literals;
using core::image_origin;
using core::image_store;
using core::removal_outcome;
using core::removal_record;

removal_record removed_image() {
  removal_record record;
  record.kind = core::target_kind::image;
  record.digests = {"registry.example.com/team/app@sha256:aa"};
  record.origin = image_origin::pulled;
  record.outcome = removal_outcome::removed;
  return record;
}

TEST(history, what_a_registry_had_can_come_back) {
  for (const auto outcome :
       {removal_outcome::removed, removal_outcome::gone, removal_outcome::unknown, removal_outcome::foreign}) {
    auto record = removed_image();
    record.outcome = outcome;
    EXPECT_EQ(restorability_of(record, image_store::graphdriver).can, core::restorable::yes);
    EXPECT_EQ(restorability_of(record, image_store::containerd).can, core::restorable::yes);
  }
}

TEST(history, what_is_still_there_need_not_come_back) {
  for (const auto outcome : {removal_outcome::planned, removal_outcome::attempted, removal_outcome::kept,
                             removal_outcome::refused, removal_outcome::failed, removal_outcome::skipped}) {
    auto record = removed_image();
    record.outcome = outcome;
    EXPECT_EQ(restorability_of(record, image_store::graphdriver).why, "it was not removed") << to_string(outcome);
  }
}

TEST(history, what_no_registry_had_cannot_come_back) {
  auto record = removed_image();
  record.digests.clear();
  EXPECT_EQ(restorability_of(record, image_store::graphdriver).can, core::restorable::no);
  record.digests = {"localhost/app@sha256:aa"};  // Podman's name for what was built there
  EXPECT_EQ(restorability_of(record, image_store::graphdriver).can, core::restorable::no);
  record.digests.push_back("quay.io/team/app@sha256:aa");
  EXPECT_EQ(restorability_of(record, image_store::graphdriver).can, core::restorable::yes);
  record = removed_image();
  record.kind = core::target_kind::container;
  EXPECT_EQ(restorability_of(record, image_store::graphdriver).can, core::restorable::no);
}

TEST(history, on_the_containerd_store_a_digest_proves_nothing) {
  for (const auto origin : {image_origin::unknown, image_origin::built, image_origin::loaded}) {
    auto record = removed_image();
    record.origin = origin;
    EXPECT_EQ(restorability_of(record, image_store::graphdriver).can, core::restorable::yes);
    const auto back = restorability_of(record, image_store::containerd);
    EXPECT_EQ(back.can, origin == image_origin::unknown ? core::restorable::maybe : core::restorable::no);
    EXPECT_NE(back.why, "") << to_string(origin);
  }
}

TEST(history, is_paused_until_its_moment_or_until_somebody_resumes) {
  const core::instant now(1000h);
  EXPECT_FALSE(core::is_paused(std::nullopt, now));
  EXPECT_TRUE(core::is_paused(core::pause_state{now, std::nullopt, "", ""}, now + 9000h));
  const core::pause_state four_hours{now, now + 4h, "deployment", "alice"};
  EXPECT_TRUE(core::is_paused(four_hours, now));
  EXPECT_TRUE(core::is_paused(four_hours, now + 4h - 1ms));
  EXPECT_FALSE(core::is_paused(four_hours, now + 4h));
}

TEST(history, has_another_word_for_each_outcome_and_trigger) {
  std::set<std::string_view> words;
  for (const auto outcome :
       {removal_outcome::planned, removal_outcome::attempted, removal_outcome::removed, removal_outcome::gone,
        removal_outcome::kept, removal_outcome::refused, removal_outcome::failed, removal_outcome::unknown,
        removal_outcome::skipped, removal_outcome::foreign}) {
    words.insert(to_string(outcome));
  }
  EXPECT_EQ(words, (std::set<std::string_view>{"planned", "attempted", "removed", "gone", "kept", "refused", "failed",
                                               "unknown", "skipped", "foreign"}));
  words.clear();
  for (const auto outcome : {core::sweep_outcome::running, core::sweep_outcome::reached, core::sweep_outcome::missed,
                             core::sweep_outcome::stopped, core::sweep_outcome::failed,
                             core::sweep_outcome::interrupted, core::sweep_outcome::observed}) {
    words.insert(to_string(outcome));
  }
  EXPECT_EQ(words, (std::set<std::string_view>{"running", "reached", "missed", "stopped", "failed", "interrupted",
                                               "observed"}));
  words.clear();
  for (const auto trigger : core::all_sweep_triggers) words.insert(to_string(trigger));
  EXPECT_EQ(words, (std::set<std::string_view>{"threshold", "schedule", "alert", "manual"}));
}

}  // namespace
}  // namespace docksweep::tests
