// Plans and the record for people: what they say, and that it fits.
#include "report/plan_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/history_text.hpp"
#include "report/plan_parts.hpp"
#include "report/sample_node.hpp"
#include "report/sample_plan.hpp"

namespace docksweep::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string shown(const core::plan& plan, bool all = false) {
  const auto view = testing::sample_view();
  return plan_text(plan, *view, "Policy pressure", {.table = {.width = 100}, .all = all, .now = testing::sample_now()});
}

TEST(plan_text, shows_steps_in_order_and_where_the_goal_is_reached) {
  EXPECT_EQ(shown(testing::sample_plan()), R"(Policy pressure, from what the engine listed 5 seconds ago
Goal: disk use at /var/lib/docker: 87.0 % now, to be below 70.0 %, 5.2 kB to go

#  WHAT       NAME           FREES   TOTAL  NOTE                         BECAUSE
1  container  web             40 B    40 B                               remove.containers: states …
2  image      shop/app:1.0   200 B   240 B  after step 1                 remove.images = unused
3  image      dddddddddddd  5.0 kB  5.2 kB  goal reached, with 1 parent  remove.images = unused

Would remove 1 container and 2 images, which frees 5.2 kB.
The goal is reached with step 3.

STAYS    IMAGES  CONTAINERS  BECAUSE
min_age       1              too new here, or used too recently
)");
}

TEST(plan_text, shows_each_that_stays_when_asked) {
  EXPECT_THAT(shown(testing::sample_plan(), true),
              HasSubstr("registry.example.com/tool:2 +1  image  min_age  in 48 minutes  keep.min_age = 1h\n"));
  EXPECT_THAT(shown(testing::sample_plan()), Not(HasSubstr("keep.min_age")));
}

TEST(plan_text, says_what_lacks_and_what_stands_in_the_way) {
  const auto text = shown(testing::short_plan());
  EXPECT_THAT(text, HasSubstr("Goal: inode use: not known now, to be below 50.0 %\n"));
  EXPECT_THAT(text, HasSubstr("The goal cannot be reached: 3.8 kB would still lack.\n"));
  EXPECT_THAT(text, HasSubstr("min_age          1  300 B–1.3 kB  too new here, or used too recently\n"));
}

TEST(plan_text, says_when_there_is_nothing_to_remove_and_when_it_is_never_run) {
  core::plan empty;
  empty.partial = true;
  const auto text = shown(empty);
  EXPECT_THAT(text, HasSubstr("Nothing to remove.\n"));
  EXPECT_THAT(text, HasSubstr("such a plan is shown, and never run"));
}

TEST(plan_parts, falls_short_only_where_that_is_known) {
  EXPECT_FALSE(falls_short(testing::sample_plan()));
  EXPECT_TRUE(falls_short(testing::short_plan()));
  auto plan = testing::sample_plan();
  plan.goal_step.reset();  // bytes suffice, inodes cannot be predicted
  EXPECT_FALSE(falls_short(plan));
  plan.goals = {{.what = core::quantity::images, .now = 4, .target = 2}};  // two of four go: not below 2
  EXPECT_TRUE(falls_short(plan));
  plan.goals[0].target = 3;
  EXPECT_FALSE(falls_short(plan));
}

TEST(history_text, has_a_row_for_each_sweep_and_for_what_others_removed) {
  const auto removals = testing::sample_removals();
  const auto sweep = testing::sample_sweep();
  EXPECT_EQ(history_text({&sweep, 1}, removals, {.table = {}, .now = testing::sample_now()}),
            R"(SWEEP  WHEN           POLICY    OUTCOME  REMOVED               FREED  BACK?   TRIGGER    BY
       5 minutes ago  (others)  removed  other:1                   -  no
    7  1 hour ago     pressure  missed   1 container, 1 image      -  1 of 2  threshold  agent
)");
}

TEST(history_text, tells_one_sweep_with_each_of_its_removals) {
  const auto text =
      sweep_text(testing::sample_sweep(), testing::sample_removals(), {.table = {}, .now = testing::sample_now()});
  EXPECT_THAT(text, HasSubstr("outcome    missed: 3.8 kB lack\n"));
  EXPECT_THAT(text, HasSubstr("on disk    100 B less free than before: others write, too\n"));
  EXPECT_THAT(text, HasSubstr("image      shop/app:1.0  aaaaaaaaaaaa  refused      -         conflict: container new"));
  EXPECT_THAT(text, Not(HasSubstr("other:1")));
}

TEST(history_text, on_the_containerd_store_only_what_was_seen_pulled_surely_comes_back) {
  auto removals = testing::sample_removals();
  for (auto& one : removals) one.archive.clear();
  std::erase_if(removals, [](const auto& one) { return one.kind != core::target_kind::image; });
  for (auto& one : removals) one.outcome = core::removal_outcome::removed;
  const auto sweep = testing::sample_sweep();
  const auto shown = [&](core::image_origin origin) {
    for (auto& one : removals) {
      one.origin = origin;
      one.digests = {"app@sha256:aa"};
    }
    return history_text({&sweep, 1}, removals, {.table = {}, .store = core::image_store::containerd});
  };
  EXPECT_THAT(shown(core::image_origin::unknown), HasSubstr("  maybe  "));
  EXPECT_THAT(shown(core::image_origin::built), HasSubstr("  no  "));
  EXPECT_THAT(shown(core::image_origin::pulled), HasSubstr("  yes  "));
}

TEST(history_text, sums_up_a_sweep_at_its_end) {
  auto removals = testing::sample_removals();
  removals.pop_back();
  EXPECT_EQ(sweep_summary(testing::sample_sweep(), removals),
            "Removed 1 container, 1 image: 5.2 kB–5.3 kB predicted; how much came back this engine cannot tell, in 3 "
            "seconds.\nNot removed: shop/app:1.0 (refused): conflict: container new is using it\n"
            "The sweep missed: 3.8 kB lack.\nOn record as sweep 7: docksweep history --sweep 7\n");
}

TEST(history_text, tells_who_paused_and_until_when) {
  const core::pause_state pause{.since = testing::sample_now() - std::chrono::minutes(5),
                                .until = testing::sample_now() + std::chrono::hours(1),
                                .reason = "deploying",
                                .actor = "alice (uid 1000)"};
  EXPECT_EQ(pause_text(pause, testing::sample_now()),
            "paused 5 minutes ago by alice (uid 1000), until 2026-11-23T13:00:00Z: deploying");
  EXPECT_EQ(pause_text({.since = pause.since}, testing::sample_now()),
            "paused 5 minutes ago by somebody, until somebody resumes");
}

}  // namespace
}  // namespace docksweep::report
