// What holds a sweep up or ends it early: a slow engine, a pause, a stop, another sweep; and where the goal is met.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class sweeper_brakes : public swept_node {
 protected:
  std::string one = add_image("one", {"one:1", "one:2", "one:3"}, {{"l1", 1000}});
  std::string two = add_image("two", {"two:1"}, {{"l2", 1000}});
  std::string three = add_image("three", {"three:1"}, {{"l3", 1000}});

  core::pause_state paused() const {
    core::pause_state state;
    state.since = wall;
    state.reason = "release day";
    state.actor = "alice";
    return state;
  }
};

TEST_F(sweeper_brakes, invariant_11_a_slow_listing_pauses_until_the_engine_is_quick) {
  script.takes["holders_of_image " + two] = {milliseconds(2001), milliseconds(3000), milliseconds(1999)};
  const auto done = sweep(plan_of({one, two, three}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_THAT(log.of("sweep_waits"), SizeIs(2));
  EXPECT_EQ(script.count("holders_of_image " + two), 3U);
  EXPECT_EQ(script.count("remove_image two:1"), 1U);
}

TEST_F(sweeper_brakes, invariant_11_a_listing_slower_than_30_s_ends_the_sweep) {
  script.takes["holders_of_image " + two] = {milliseconds(30001)};
  const auto done = sweep(plan_of({one, two, three}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::failed);
  EXPECT_THAT(done->problem, HasSubstr("engine_slow"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::skipped, outcome::skipped));
}

TEST_F(sweeper_brakes, invariant_11_an_engine_that_stays_slow_ends_the_sweep) {
  for (int i = 0; i < 100; ++i) script.takes["find_image"].push_back(milliseconds(2500));
  options.rests_at_most = milliseconds(3);
  const auto done = sweep(plan_of({one}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::failed);
  EXPECT_THAT(done->problem, HasSubstr("still slow"));
  EXPECT_THAT(script.removals(), IsEmpty());
}

TEST_F(sweeper_brakes, invariant_11_a_listing_that_times_out_ends_the_sweep) {
  script.refused["holders_of_image"] = {timed_out()};
  const auto done = sweep(plan_of({one}));
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(done->problem, HasSubstr("engine_slow"));
  EXPECT_THAT(script.removals(), IsEmpty());
}

TEST_F(sweeper_brakes, invariant_11_a_pause_in_the_middle_lets_no_further_removal_begin) {
  when("remove_image two:1", [&] { record.pause = paused(); });
  const auto done = sweep(plan_of({one, two, three}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::stopped);
  EXPECT_THAT(done->problem, HasSubstr("paused by alice: release day"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed, outcome::skipped));
}

TEST_F(sweeper_brakes, invariant_11_a_pause_between_two_names_gives_the_first_one_back) {
  when("remove_image one:1", [&] { record.pause = paused(); });
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_image one:1"));
  EXPECT_THAT(engine.images[one].tags, UnorderedElementsAre("one:1", "one:2", "one:3"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::skipped, outcome::skipped));
}

TEST_F(sweeper_brakes, a_pause_that_is_over_holds_nothing_and_one_that_is_not_refuses) {
  record.pause = paused();
  const auto refused = sweep(plan_of({one}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, app::skip_reason::paused);
  EXPECT_THAT(refused.error().message, HasSubstr("release day"));
  EXPECT_THAT(record.sweeps, IsEmpty());
  record.pause->until = wall - std::chrono::seconds(1);
  EXPECT_TRUE(sweep(plan_of({one})).has_value());
}

TEST_F(sweeper_brakes, a_record_that_cannot_tell_about_a_pause_stops_the_sweep) {
  when("find_image two:1", [&] { script.refused["load_pause"] = {disk_fault()}; });
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::failed);
  EXPECT_EQ(script.count("remove_image two"), 0U);
}

TEST_F(sweeper_brakes, a_stop_waits_for_the_removal_in_hand_and_begins_no_other) {
  options.grace = std::chrono::seconds(60);
  when("remove_image one:3", [&] { sweeping->stop("SIGTERM"); });
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::stopped);
  EXPECT_THAT(done->problem, HasSubstr("SIGTERM"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::skipped));
}

// On that store the engine's answer does not tell whether the image went with its last name.
TEST_F(sweeper_brakes, what_became_of_the_removal_in_hand_is_looked_up_after_a_stop_too) {
  engine.identity.store = core::image_store::containerd;
  when("remove_image one:3", [&] { sweeping->stop("SIGTERM"); });
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::stopped);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::skipped));
}

TEST_F(sweeper_brakes, a_stop_does_not_wait_for_a_lost_engine) {
  engine.identity.store = core::image_store::containerd;
  when("remove_image one:3", [&] {
    sweeping->stop("SIGTERM");
    script.refused["check_answers"] = std::deque<core::failure>(1000, connection_lost());
  });
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(script.count("check_answers"), 1U);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::unknown, outcome::skipped));
}

TEST_F(sweeper_brakes, a_stop_between_two_names_gives_the_first_ones_back) {
  when("find_image one:3", [&] { sweeping->stop("SIGTERM"); });
  ASSERT_TRUE(sweep(plan_of({one, two})).has_value());
  EXPECT_THAT(engine.images[one].tags, UnorderedElementsAre("one:1", "one:2", "one:3"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::skipped, outcome::skipped));
}

TEST_F(sweeper_brakes, a_stop_while_the_attempt_is_put_on_record_removes_nothing_more) {
  when("update_removal attempted", [&] { sweeping->stop("SIGTERM"); });
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::stopped);
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::skipped, outcome::skipped));
}

TEST_F(sweeper_brakes, a_removal_that_outlasts_the_grace_of_a_stop_is_unknown_and_settled_at_the_next_start) {
  engine.hangs = "remove_image two:1";
  when("remove_image two:1", [&] { sweeping->stop("SIGTERM"); });
  const auto done = sweep(plan_of({one, two, three}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::stopped);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::unknown, outcome::skipped));
  engine.images.erase(two);
  app::sweeper next(engine, record, disks, archive, counts, log, options);
  EXPECT_EQ(run_task(context, next.settle("engine-1")).value(), 1);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed, outcome::skipped));
}

TEST_F(sweeper_brakes, cancelling_leaves_the_removal_in_hand_attempted) {
  engine.hangs = "remove_image two:1";
  app::sweeper cut(engine, record, disks, archive, counts, log, options);
  boost::asio::cancellation_signal cancel;
  bool ended = false;
  script.before = [&](const std::string& call) {
    if (call != "remove_image two:1") return;
    boost::asio::post(context, [&] { cancel.emit(boost::asio::cancellation_type::all); });
  };
  boost::asio::co_spawn(context, cut.run(plan_of({one, two})),
                        boost::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr fault, swept) {
                          ended = true;
                          EXPECT_TRUE(fault);
                        }));
  context.run_for(std::chrono::seconds(60));
  ASSERT_TRUE(ended);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::attempted));
  EXPECT_EQ(record.sweeps[0].outcome, core::sweep_outcome::running);
  EXPECT_FALSE(cut.running());
  EXPECT_FALSE(record.locked);
}

TEST_F(sweeper_brakes, of_two_sweepers_one_gets_the_permit) {
  app::sweeper first(engine, record, disks, archive, counts, log, options);
  app::sweeper other_process(engine, record, disks, archive, counts, log, options);
  engine.hangs = "remove_image one:1";
  std::optional<swept> swept_first;
  std::map<app::sweeper*, std::optional<swept>> refused{{&first, {}}, {&other_process, {}}};
  const auto turn = [this](const auto& done) {
    for (int i = 0; i < 1000 && !done(); ++i) context.run_one_for(milliseconds(60));
  };
  boost::asio::co_spawn(context, first.run(plan_of({one})),
                        [&](std::exception_ptr, swept result) { swept_first = std::move(result); });
  turn([&] { return script.count("remove_image") > 0; });
  EXPECT_TRUE(first.running());
  for (auto& [which, result] : refused) {
    auto& into = result;
    boost::asio::co_spawn(context, which->run(plan_of({two})),
                          [&into](std::exception_ptr, swept outcome) { into = std::move(outcome); });
    turn([&] { return into.has_value(); });
    ASSERT_TRUE(into);
    ASSERT_FALSE(into->has_value());
    EXPECT_EQ(into->error().why, app::skip_reason::running);
    EXPECT_FALSE(into->error().is_fault);
  }
  first.stop("the test is over");
  turn([&] { return swept_first.has_value(); });
  ASSERT_TRUE(swept_first);
  EXPECT_THAT(script.removals(), ElementsAre("remove_image one:1"));
  EXPECT_FALSE(record.locked);
}

TEST_F(sweeper_brakes, a_lock_file_that_cannot_be_made_is_a_fault) {
  script.refused["try_to_sweep"] = {disk_fault("read-only file system")};
  const auto refused = sweep(plan_of({one}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().is_fault);
}

TEST_F(sweeper_brakes, an_empty_list_is_nothing_to_do) {
  const auto refused = sweep(plan_of({}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, app::skip_reason::nothing_to_do);
  EXPECT_THAT(record.sweeps, IsEmpty());
}

TEST_F(sweeper_brakes, ends_the_moment_the_measured_goal_is_met) {
  disks.others = 6000;  // 0.9 with the three images
  auto request = plan_of({one, two, three});
  request.plan.goals = {disk_goal(0.75)};
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed, outcome::skipped));
  EXPECT_TRUE(engine.images.contains(three));
}

TEST_F(sweeper_brakes, never_goes_beyond_the_list_and_says_what_lacks) {
  disks.others = 6000;
  auto request = plan_of({one, two});
  request.plan.goals = {disk_goal(0.5)};
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::missed);
  EXPECT_THAT(done->problem, HasSubstr("disk is 0.700, and is to be below 0.500 at /data"));
  EXPECT_EQ(engine.images.size(), 1U);
}

TEST_F(sweeper_brakes, a_goal_that_others_met_meanwhile_is_nothing_to_do) {
  auto request = plan_of({one});
  request.plan.goals = {disk_goal(0.75)};
  const auto refused = sweep(std::move(request));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, app::skip_reason::nothing_to_do);
  EXPECT_THAT(record.sweeps, IsEmpty());
}

TEST_F(sweeper_brakes, an_engine_that_frees_late_is_given_a_moment) {
  options.lag = std::chrono::seconds(60);
  disks.others = 6000;
  disks.late = 6;
  auto request = plan_of({one, two});
  request.plan.goals = {disk_goal(0.75)};
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
}

TEST_F(sweeper_brakes, a_file_system_that_cannot_be_measured_any_more_ends_the_sweep) {
  disks.others = 6000;
  auto request = plan_of({one, two});
  request.plan.goals = {disk_goal(0.5)};
  when("remove_image one:3", [&] { script.refused["measure"] = {timed_out(), timed_out(), timed_out(), timed_out()}; });
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::failed);
  EXPECT_TRUE(engine.images.contains(two));
  EXPECT_EQ(done->disk_freed, std::nullopt);
}

TEST_F(sweeper_brakes, a_goal_that_cannot_be_measured_at_all_refuses) {
  auto request = plan_of({one});
  request.plan.goals = {disk_goal(0.5)};
  request.plan.goals[0].path.clear();
  const auto refused = sweep(std::move(request));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().is_fault);
  EXPECT_TRUE(engine.images.contains(one));
}

TEST_F(sweeper_brakes, counts_and_bytes_of_images_are_goals_too) {
  for (const auto what : {core::quantity::images, core::quantity::images_bytes}) {
    auto request = plan_of({one, two, three});
    core::plan_goal goal;
    goal.what = what;
    goal.now = what == core::quantity::images ? 3 : 3000;
    goal.target = what == core::quantity::images ? 2 : 2000;
    request.plan.goals = {goal};
    const auto done = sweep(std::move(request));
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
    EXPECT_EQ(engine.images.size(), 1U);
    one = add_image("one", {"one:1"}, {{"l1", 1000}});
    two = add_image("two", {"two:1"}, {{"l2", 1000}});
    three = add_image("three", {"three:1"}, {{"l3", 1000}});
  }
}

TEST_F(sweeper_brakes, inodes_are_measured) {
  disks.files = 100;
  disks.files_per_image = 30;
  auto request = plan_of({one, two, three});
  core::plan_goal goal = disk_goal(0.35);
  goal.what = core::quantity::inodes;
  request.plan.goals = {goal};
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_EQ(engine.images.size(), 1U);
}

}  // namespace
}  // namespace docksweep::test
