// The record of sweeps and removals: what was put on record is there for everybody, at once and after a restart.
#include <gmock/gmock.h>

#include "store/database.hpp"
#include "store/history_records.hpp"
#include "store/state_fixture.hpp"

namespace docksweep::test {
namespace {

using core::removal_outcome;
using core::sweep_outcome;
using store::open_mode;
using testing::HasSubstr;

class history : public state_fixture {
 protected:
  struct recorded {
    core::sweep_record sweep;
    std::vector<core::removal_record> removals;
  };
  recorded begin(app::state& in, core::sweep_record sweep, std::vector<core::removal_record> removals) {
    get(in.begin_sweep(sweep, removals));
    return {std::move(sweep), std::move(removals)};
  }
  app::history_page all(app::state& in) { return get(in.load_history({.with_removals = true})); }
};

TEST_F(history, counts_what_was_restored_since) {
  core::sweep_record sweep = sample_sweep();
  std::vector<core::removal_record> removals{sample_removal(1), sample_removal(2), sample_removal(3)};
  auto state = open();
  get(state->begin_sweep(sweep, removals));
  const core::instant then = removals[0].at + std::chrono::hours(1);
  get(state->mark_restored(removals[0].id, then));
  get(state->mark_restored(removals[1].id, then + std::chrono::hours(1)));
  // As a settling in another process has it, which read the record before.
  for (const auto& one : removals) get(state->update_removal(one));
  EXPECT_FALSE(attempt(state->mark_restored(removals[2].id + 1, then)));
  EXPECT_EQ(get(state->count_restored_since(sweep.engine_id, then)), 2);
  EXPECT_EQ(get(state->count_restored_since(sweep.engine_id, then + std::chrono::minutes(1))), 1);
  EXPECT_EQ(get(state->count_restored_since("another engine", then)), 0);
  app::history_query query;
  query.with_removals = true;
  const auto page = get(state->load_history(query));
  EXPECT_EQ(page.removals.at(0).restored, then);
  EXPECT_EQ(page.removals.at(2).restored, std::nullopt);
}

TEST_F(history, sweep_and_removals_are_there_after_a_restart_as_they_were) {
  auto first = open();
  auto removals = sample_removals(3);
  removals.push_back(sample_container(1));
  const recorded made = begin(*first, sample_sweep(), removals);
  EXPECT_GT(made.sweep.id, 0);
  for (const auto& removal : made.removals) {
    EXPECT_GT(removal.id, 0);
    EXPECT_EQ(removal.sweep_id, made.sweep.id);
  }
  first.reset();
  auto second = open();
  const app::history_page page = all(*second);
  EXPECT_EQ(page.sweeps, std::vector{made.sweep});
  EXPECT_EQ(page.removals, made.removals);
  EXPECT_TRUE(get(second->load_history({})).removals.empty()) << "removals were not asked for";
}

TEST_F(history, update_is_seen_by_another_process_at_once) {
  const doorbell updated, seen;
  const pid_t agent = in_another_process([&] {
    auto own = open();
    recorded made = begin(*own, sample_sweep(), {sample_removal(1), sample_container(2)});
    made.removals[0].outcome = removal_outcome::removed;
    made.removals[0].freed = 0;
    made.removals[0].at = at_second(9);
    made.removals[0].also = {digest_of(77)};
    made.removals[0].problem = "none";
    get(own->update_removal(made.removals[0]));
    made.removals[1].outcome = removal_outcome::refused;
    made.removals[1].inspect = "newer";
    get(own->update_removal(made.removals[1]));
    updated.ring();
    EXPECT_TRUE(seen.wait());
    made.removals[1].inspect.clear();
    get(own->update_removal(made.removals[1]));
    own.reset();
    updated.ring();
  });
  EXPECT_TRUE(updated.wait());
  auto command = open(open_mode::read_only);
  const auto removals = all(*command).removals;
  EXPECT_EQ(removals.size(), 2U);
  if (removals.size() == 2) {
    EXPECT_EQ(removals[0].outcome, removal_outcome::removed);
    EXPECT_EQ(removals[0].freed, 0);
    EXPECT_EQ(removals[0].at, at_second(9));
    EXPECT_EQ(removals[0].also, std::vector{digest_of(77)});
    EXPECT_EQ(removals[0].problem, "none");
    EXPECT_EQ(removals[0].layers, sample_removal(1).layers);
    EXPECT_EQ(removals[1].outcome, removal_outcome::refused);
    EXPECT_EQ(removals[1].inspect, "newer");
  }
  seen.ring();
  EXPECT_TRUE(updated.wait());
  EXPECT_EQ(all(*command).removals.at(1).inspect, "");
  EXPECT_EQ(status_of(agent), 0);
}

TEST_F(history, update_of_what_is_not_on_record_is_a_failure) {
  auto agent = open();
  core::removal_record removal = sample_removal(1);
  removal.id = 42;
  const auto updated = attempt(agent->update_removal(removal));
  ASSERT_FALSE(updated);
  EXPECT_THAT(updated.error().message, HasSubstr("removal 42 is not on record"));
  core::sweep_record sweep = sample_sweep();
  sweep.id = 43;
  const auto ended = attempt(agent->end_sweep(sweep));
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("sweep 43 is not on record"));
}

TEST_F(history, end_of_a_sweep_skips_what_was_only_planned) {
  auto agent = open();
  recorded made = begin(*agent, sample_sweep(), sample_removals(3));
  recorded other = begin(*agent, sample_sweep(), sample_removals(1));
  made.removals[0].outcome = removal_outcome::removed;
  get(agent->update_removal(made.removals[0]));
  made.removals[1].outcome = removal_outcome::attempted;
  get(agent->update_removal(made.removals[1]));
  made.sweep.outcome = sweep_outcome::reached;
  made.sweep.ended = at_second(60);
  made.sweep.freed = 17;
  made.sweep.removed = 1;
  get(agent->end_sweep(made.sweep));
  made.removals[2].outcome = removal_outcome::skipped;
  made.removals[2].at = at_second(60);
  const auto page = get(agent->load_history({.sweep_id = made.sweep.id, .with_removals = true}));
  EXPECT_EQ(page.sweeps, std::vector{made.sweep});
  EXPECT_EQ(page.removals, made.removals);
  EXPECT_EQ(get(agent->load_history({.sweep_id = other.sweep.id, .with_removals = true})).removals, other.removals);
}

TEST_F(history, is_asked_by_engine_policy_time_and_number) {
  auto agent = open();
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 6; ++i) {
    core::sweep_record sweep = sample_sweep(i % 2 == 0 ? "one" : "two", i < 3 ? "early" : "late");
    sweep.began = at_second(i);
    ids.push_back(begin(*agent, sweep, {sample_removal(i)}).sweep.id);
  }
  const auto found = [&](app::history_query query) {
    std::vector<std::int64_t> numbers;
    for (const auto& sweep : get(agent->load_history(std::move(query))).sweeps) numbers.push_back(sweep.id);
    return numbers;
  };
  using list = std::vector<std::int64_t>;
  EXPECT_EQ(found({}), (list{ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]}));
  EXPECT_EQ(found({.engine_id = "one"}), (list{ids[4], ids[2], ids[0]}));
  EXPECT_EQ(found({.engine_id = "none"}), list{});
  EXPECT_EQ(found({.engine_id = "two", .policy = "early"}), list{ids[1]});
  EXPECT_EQ(found({.since = at_second(4)}), (list{ids[5], ids[4]}));
  EXPECT_EQ(found({.sweep_id = ids[3]}), list{ids[3]});
  EXPECT_EQ(found({.sweeps_at_most = 2}), (list{ids[5], ids[4]}));
  EXPECT_EQ(found({.sweeps_at_most = 0}), list{});
  const auto page = get(agent->load_history({.engine_id = "one", .sweeps_at_most = 2, .with_removals = true}));
  ASSERT_EQ(page.removals.size(), 2U);
  EXPECT_EQ(page.removals[0].sweep_id, ids[4]);
  EXPECT_EQ(page.removals[1].sweep_id, ids[2]);
}

TEST_F(history, foreign_removals_belong_to_no_sweep_and_to_one_engine) {
  auto agent = open();
  std::vector<core::removal_record> gone = sample_removals(2);
  for (auto& one : gone) one.outcome = removal_outcome::foreign;
  gone[1].at = at_second(10);
  get(agent->record_foreign("one", gone));
  const auto page = get(agent->load_history({.engine_id = "one", .with_removals = true}));
  EXPECT_TRUE(page.sweeps.empty());
  ASSERT_EQ(page.removals.size(), 2U);
  EXPECT_EQ(page.removals[0].object_id, gone[1].object_id) << "newest first";
  EXPECT_EQ(page.removals[0].outcome, removal_outcome::foreign);
  EXPECT_EQ(page.removals[0].sweep_id, 0);
  EXPECT_TRUE(get(agent->load_history({.engine_id = "two", .with_removals = true})).removals.empty());
  EXPECT_EQ(get(agent->load_history({.since = at_second(5), .with_removals = true})).removals.size(), 1U);
  EXPECT_TRUE(get(agent->load_history({.policy = "p", .with_removals = true})).removals.empty());
  EXPECT_TRUE(get(agent->removed_since("one", at_second(-9))).empty()) << "not docksweep's";
  // A page that ends at a sweep has foreign removals down to that sweep.
  core::sweep_record sweep = sample_sweep("one");
  sweep.began = at_second(8);
  begin(*agent, sweep, {});
  EXPECT_EQ(get(agent->load_history({.sweeps_at_most = 1, .with_removals = true})).removals.size(), 1U);
}

TEST_F(history, unsettled_is_what_a_crash_left) {
  auto agent = open();
  recorded done = begin(*agent, sample_sweep(), sample_removals(1));
  done.sweep.outcome = sweep_outcome::missed;
  done.sweep.ended = at_second(1);
  get(agent->end_sweep(done.sweep));
  recorded left = begin(*agent, sample_sweep(), sample_removals(3));
  left.removals[0].outcome = removal_outcome::removed;
  left.removals[1].outcome = removal_outcome::attempted;
  get(agent->update_removal(left.removals[0]));
  get(agent->update_removal(left.removals[1]));
  begin(*agent, sample_sweep("another engine"), sample_removals(1));
  agent = open();
  const auto page = get(agent->unsettled("engine"));
  EXPECT_EQ(page.sweeps, std::vector{left.sweep});
  EXPECT_EQ(page.removals, (std::vector{left.removals[1], left.removals[2]}));
}

TEST_F(history, removed_since_has_images_that_went_or_may_have_gone_by_our_hand) {
  auto agent = open();
  const auto outcomes = {removal_outcome::planned, removal_outcome::attempted, removal_outcome::removed,
                         removal_outcome::gone,    removal_outcome::kept,      removal_outcome::refused,
                         removal_outcome::failed,  removal_outcome::unknown,   removal_outcome::skipped};
  recorded made = begin(*agent, sample_sweep(), sample_removals(static_cast<int>(outcomes.size())));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    made.removals[i].outcome = std::data(outcomes)[i];
    made.removals[i].at = at_second(static_cast<std::int64_t>(i));
    get(agent->update_removal(made.removals[i]));
  }
  recorded container = begin(*agent, sample_sweep(), {sample_container(1)});
  container.removals[0].outcome = removal_outcome::removed;
  container.removals[0].at = at_second(5);
  get(agent->update_removal(container.removals[0]));
  EXPECT_EQ(get(agent->removed_since("engine", at_second(0))),
            (std::vector{made.removals[7], made.removals[2], made.removals[1]}));
  EXPECT_EQ(get(agent->removed_since("engine", at_second(2))), (std::vector{made.removals[7], made.removals[2]}));
  EXPECT_TRUE(get(agent->removed_since("another", at_second(0))).empty());
  made.sweep.outcome = sweep_outcome::reached;
  made.sweep.ended = at_second(8);
  get(agent->end_sweep(made.sweep));
  EXPECT_EQ(get(agent->removed_since("engine", at_second(7))), std::vector{made.removals[7]});
}

TEST_F(history, old_sweeps_are_forgotten_whole_and_running_ones_never) {
  auto agent = open();
  for (int i = 0; i < 40; ++i) {
    core::sweep_record sweep = sample_sweep();
    sweep.began = at_second(i);
    recorded made = begin(*agent, sweep, {sample_removal(1), sample_container(2)});
    if (i == 3) continue;
    made.sweep.outcome = sweep_outcome::reached;
    made.sweep.ended = at_second(i + 1);
    get(agent->end_sweep(made.sweep));
  }
  core::removal_record foreign = sample_removal(9);
  get(agent->record_foreign("engine", {foreign}));
  get(agent->save_shadows("engine", {{"p", "image", {}, at_second(1)}, {"p", "newer", {}, at_second(38)}}));
  const std::int64_t newest = all(*agent).sweeps.front().id;
  get(agent->forget_history_before(at_second(38)));
  const app::history_page page = all(*agent);
  ASSERT_EQ(page.sweeps.size(), 3U);
  EXPECT_EQ(page.sweeps[0].began, at_second(39));
  EXPECT_EQ(page.sweeps[1].began, at_second(38));
  EXPECT_EQ(page.sweeps[2].outcome, sweep_outcome::running);
  EXPECT_EQ(page.removals.size(), 6U);
  EXPECT_EQ(get(agent->load_shadows("engine", at_second(0))).size(), 1U);
  get(agent->forget_history_before(at_second(1000)));
  EXPECT_EQ(all(*agent).sweeps.size(), 1U);
  EXPECT_GT(begin(*agent, sample_sweep(), {}).sweep.id, newest) << "numbers are never given again";
  agent.reset();
  std::atomic<bool> never = false;
  auto file = store::database::open(path, store::access::read_only, &never);
  EXPECT_EQ(file->number("SELECT count(*) FROM inspects").value(), 1) << "those of the sweep that runs";
}

TEST_F(history, answers_too_large_to_keep_leave_a_note) {
  auto agent = open();
  core::removal_record container = sample_container(1);
  container.inspect.assign(store::inspect_limit_bytes + 1, 'x');
  begin(*agent, sample_sweep(), {container});
  EXPECT_THAT(all(*agent).removals.at(0).inspect, HasSubstr("docksweep_dropped"));
}

TEST_F(history, read_only_store_shows_the_record_and_refuses_to_add_to_it) {
  auto agent = open();
  const recorded made = begin(*agent, sample_sweep(), sample_removals(1));
  auto command = open(open_mode::read_only);
  EXPECT_EQ(all(*command).sweeps, std::vector{made.sweep});
  core::sweep_record sweep = sample_sweep();
  auto removals = sample_removals(1);
  const auto begun = attempt(command->begin_sweep(sweep, removals));
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().message, HasSubstr("read only"));
  EXPECT_EQ(sweep.id, 0);
  EXPECT_FALSE(attempt(command->update_removal(made.removals[0])));
  EXPECT_FALSE(attempt(command->end_sweep(made.sweep)));
  EXPECT_FALSE(attempt(command->record_foreign("engine", removals)));
  EXPECT_FALSE(attempt(command->forget_history_before(at_second(99))));
  EXPECT_FALSE(attempt(command->try_to_sweep("engine")));
  EXPECT_EQ(all(*agent).removals, made.removals);
}

TEST_F(history, in_memory_keeps_a_record_too) {
  path.clear();
  auto agent = open();
  EXPECT_FALSE(agent->durable());
  const recorded made = begin(*agent, sample_sweep(), sample_removals(2));
  EXPECT_EQ(all(*agent).removals, made.removals);
}

// What a sweep of 500 images pays for its record; the figure is kept in the report, the limit holds on any machine.
TEST_F(history, updates_of_a_large_sweep_are_cheap) {
  auto agent = open();
  recorded made = begin(*agent, sample_sweep(), sample_removals(500));
  const auto began = std::chrono::steady_clock::now();
  for (core::removal_record& removal : made.removals) {
    removal.outcome = removal_outcome::attempted;
    get(agent->update_removal(removal));
    removal.outcome = removal_outcome::removed;
    removal.freed = removal.predicted.at_least;
    get(agent->update_removal(removal));
  }
  const auto took = std::chrono::steady_clock::now() - began;
  RecordProperty("update_us", static_cast<int>(took / std::chrono::microseconds(1) / 1000));
  EXPECT_LT(took, std::chrono::seconds(20)) << "1,000 updates";
  EXPECT_EQ(all(*agent).removals, made.removals);
}

}  // namespace
}  // namespace docksweep::test
