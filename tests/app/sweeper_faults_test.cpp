// What a sweep does when the engine refuses, fails, is late or goes away: facts are recorded, names are put back, the
// rest goes on.
#include <fmt/format.h>

#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class sweeper_faults : public swept_node {
 protected:
  std::string app = add_image("app", {"a:1", "b:1", "c:1"}, {{"l1", 100}});
  std::string next = add_image("next", {"next:1"}, {{"n", 10}});
};

TEST_F(sweeper_faults, a_container_created_between_the_second_and_third_name_gives_all_names_back) {
  when("find_image c:1", [&] { add_container("late", app, core::container_state::created); });
  ASSERT_TRUE(sweep(plan_of({app, next})).has_value());
  EXPECT_THAT(engine.images[app].tags, UnorderedElementsAre("a:1", "b:1", "c:1"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
  EXPECT_EQ(record.removals[0].why, core::reason::in_use);
  EXPECT_THAT(record.removals[0].problem, HasSubstr("names put back: a:1, b:1"));
}

TEST_F(sweeper_faults, a_409_is_a_fact_and_gives_all_names_back) {
  // Created after the re-check, before the DELETE.
  when("remove_image c:1", [&] { add_container("late", app, core::container_state::running); });
  const auto done = sweep(plan_of({app, next}));
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(engine.images[app].tags, UnorderedElementsAre("a:1", "b:1", "c:1"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::refused, outcome::removed));
  EXPECT_THAT(record.removals[0].problem, HasSubstr("being used by a container; names put back: a:1, b:1"));
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_EQ(done->failed, 1);
  EXPECT_EQ(counts.failures[app::removal_failure::conflict], 1);
}

TEST_F(sweeper_faults, a_name_that_somebody_gave_to_another_image_is_not_taken_back) {
  when("remove_image c:1", [&] {
    add_container("late", app);
    add_image("newer", {"a:1"}, {{"new", 1}});
  });
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_EQ(engine.names()["a:1"], id_of("newer"));
  EXPECT_EQ(engine.names()["b:1"], app);
  EXPECT_THAT(record.removals[0].problem, HasSubstr("names put back: b:1; not put back: a:1 (it means another image"));
  EXPECT_EQ(log.of("names_lost").size(), 1U);
}

TEST_F(sweeper_faults, a_404_is_a_fact) {
  when("remove_image next:1", [&] { engine.images.erase(next); });
  const auto done = sweep(plan_of({next, app}));
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::gone, outcome::removed));
  EXPECT_EQ(done->removed, 1);
  EXPECT_EQ(done->failed, 0);
  EXPECT_EQ(done->freed, 100);
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
}

TEST_F(sweeper_faults, an_image_that_is_gone_at_its_recheck_is_not_attempted) {
  auto request = plan_of({next, app});
  engine.images.erase(next);
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_EQ(script.count("update_removal attempted " + next), 0U);
  EXPECT_EQ(outcomes()[0], outcome::gone);
}

TEST_F(sweeper_faults, a_failed_removal_does_not_stop_the_rest) {
  const auto third = add_image("third", {"third:1"}, {{"t", 1}}),
             fourth = add_image("fourth", {"fourth:1"}, {{"f", 1}});
  script.refused["remove_image a:1"] = script.refused["remove_image next:1"] =
      script.refused["remove_image third:1"] = {engine_fault()};
  const auto done = sweep(plan_of({app, next, third, fourth}));
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::failed, outcome::failed, outcome::failed, outcome::removed));
  EXPECT_THAT(record.removals[0].problem, HasSubstr("driver failed"));
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_EQ(counts.failures[app::removal_failure::engine], 3);
}

TEST_F(sweeper_faults, a_500_at_the_third_name_gives_the_others_back) {
  script.refused["remove_image c:1"] = {engine_fault()};
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_EQ(outcomes()[0], outcome::failed);
  EXPECT_THAT(engine.images[app].tags, UnorderedElementsAre("a:1", "b:1", "c:1"));
}

TEST_F(sweeper_faults, a_time_out_after_which_it_is_gone_is_a_removal) {
  script.lost["remove_image c:1"] = {timed_out()};
  const auto done = sweep(plan_of({app, next}));
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed));
  EXPECT_EQ(record.removals[0].freed, std::nullopt);
  EXPECT_EQ(done->freed, std::nullopt);  // nobody said what went with the first one
  EXPECT_EQ(done->disk_freed, 110);
}

TEST_F(sweeper_faults, a_time_out_after_which_the_name_is_gone_goes_on_with_the_next_name) {
  script.lost["remove_image a:1"] = {timed_out()};
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_EQ(outcomes()[0], outcome::removed);
  EXPECT_FALSE(engine.images.contains(app));
}

TEST_F(sweeper_faults, a_time_out_after_which_it_is_still_there_is_settled_later) {
  script.refused["remove_image next:1"] = {timed_out()};
  ASSERT_TRUE(sweep(plan_of({next, app})).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::unknown, outcome::removed));
  EXPECT_EQ(counts.failures[app::removal_failure::timeout], 1);
  engine.images.erase(next);  // the engine was still at it
  app::sweeper later(engine, record, disks, archive, counts, log, options);
  EXPECT_EQ(run_task(context, later.settle("engine-1")).value(), 1);
  EXPECT_EQ(outcomes()[0], outcome::removed);
  EXPECT_EQ(record.sweeps[0].removed, 2);
  EXPECT_EQ(record.sweeps[0].failed, 0);
  EXPECT_EQ(record.sweeps[0].outcome, core::sweep_outcome::reached);
}

TEST_F(sweeper_faults, an_engine_that_restarts_is_waited_for) {
  script.lost["remove_image next:1"] = {connection_lost()};
  script.refused["check_answers"] = {connection_lost(), connection_lost()};
  script.refused["find_image c:1"] = {connection_lost()};
  options.engine_back = std::chrono::seconds(60);
  const auto done = sweep(plan_of({next, app}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed));
}

TEST_F(sweeper_faults, an_engine_that_is_gone_for_good_ends_the_sweep) {
  when("remove_image b:1", [&] {
    for (int i = 0; i < 10000; ++i) script.refused["check_answers"].push_back(connection_lost());
    for (int i = 0; i < 100; ++i) script.refused["find_image"].push_back(connection_lost());
    script.refused["remove_image b:1"] = {connection_lost()};
  });
  const auto done = sweep(plan_of({app, next}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::failed);
  EXPECT_THAT(done->problem, HasSubstr("did not come back"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::unknown, outcome::skipped));
  // The next start finds the engine, and the names that went.
  script.refused.clear();
  app::sweeper later(engine, record, disks, archive, counts, log, options);
  EXPECT_EQ(run_task(context, later.settle("engine-1")).value(), 1);
  EXPECT_THAT(engine.images[app].tags, UnorderedElementsAre("a:1", "b:1", "c:1"));
  EXPECT_EQ(outcomes()[0], outcome::failed);
}

TEST_F(sweeper_faults, names_that_cannot_be_put_back_now_are_put_back_later) {
  when("remove_image c:1", [&] {
    add_container("late", app);
    script.refused["tag_image"] = {connection_lost(), connection_lost()};
  });
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_EQ(outcomes()[0], outcome::unknown);
  app::sweeper later(engine, record, disks, archive, counts, log, options);
  EXPECT_EQ(run_task(context, later.settle("engine-1")).value(), 1);
  EXPECT_THAT(engine.images[app].tags, UnorderedElementsAre("a:1", "b:1", "c:1"));
}

TEST_F(sweeper_faults, on_the_containerd_store_nobody_says_what_was_freed) {
  engine.identity.store = core::image_store::containerd;
  const auto done = sweep(plan_of({next}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(outcomes()[0], outcome::removed);
  EXPECT_EQ(record.removals[0].freed, std::nullopt);
  EXPECT_EQ(done->freed, std::nullopt);
  EXPECT_EQ(done->disk_freed, 10);
}

TEST_F(sweeper_faults, freed_bytes_are_those_of_the_layers_that_the_engine_lists) {
  const auto twin = add_image("twin", {"twin:1"}, {{"l1", 100}, {"t", 7}});
  auto request = plan_of({twin, app});
  // Somebody built on the shared layer meanwhile.
  when("remove_image twin:1", [&] { add_image("fresh", {"fresh:1"}, {{"l1", 100}, {"t", 7}, {"f", 1}}); });
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(record.removals[0].predicted.at_least, 7);
  EXPECT_EQ(record.removals[0].freed, 0);
  EXPECT_EQ(record.removals[1].predicted.at_least, 100);
  EXPECT_EQ(record.removals[1].freed, 0);
  EXPECT_EQ(done->freed, 0);
}

TEST_F(sweeper_faults, a_layer_that_nobody_knows_makes_the_freed_bytes_unknown) {
  engine.also_lists = "sha256:what";
  const auto done = sweep(plan_of({next}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(outcomes()[0], outcome::removed);
  EXPECT_EQ(record.removals[0].freed, std::nullopt);
}

TEST_F(sweeper_faults, a_container_that_cannot_be_removed_is_a_fact_too) {
  const auto old = add_container("old", app), older = add_container("older", app),
             oldest = add_container("oldest", app);
  auto request = plan_of({});
  for (const auto& id : {old, older, oldest}) request.plan.steps.push_back(step_of(core::target_kind::container, id));
  script.refused["remove_container " + old] = {conflict("removal of container is already in progress")};
  script.lost["remove_container " + older] = {timed_out()};
  script.refused["remove_container " + oldest] = {not_there()};
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::refused, outcome::removed, outcome::gone));
}

TEST_F(sweeper_faults, observers_see_every_step) {
  std::vector<std::string> seen;
  app::sweep_observer watching;
  watching.progress = [&](const app::sweep_progress& now) {
    seen.push_back(fmt::format("{}/{} {} of {} {}", now.step, now.steps, now.freed, now.predicted, now.current));
  };
  watching.ended = [&](const core::removal_record& one) { seen.emplace_back(core::to_string(one.outcome)); };
  ASSERT_TRUE(sweep(plan_of({app, next}), watching).has_value());
  EXPECT_THAT(seen, ElementsAre("0/2 0 of 110 a:1", "removed", "1/2 100 of 110 next:1", "removed", "2/2 110 of 110 "));
}

}  // namespace
}  // namespace docksweep::test
