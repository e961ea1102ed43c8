// The process dies at every single call to the outside, before and after it acted, and then once more while the next
// one settles what was left: in the end the record and the engine agree, and no image has lost a name.
#include <algorithm>

#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A node of its own for each crash.
class world : public swept_node {
 public:
  using swept_node::add_image, swept_node::archive, swept_node::context, swept_node::counts, swept_node::disks, swept_node::engine,
      swept_node::log, swept_node::options, swept_node::outcomes, swept_node::plan_of, swept_node::record,
      swept_node::script;
  void TestBody() override {}
  world() {
    base = add_image("base", {"base:1"}, {{"l1", 100}});
    app = add_image("app", {"a:1", "b:1", "c:1"}, {{"l1", 100}, {"l2", 20}}, base);
    loose = add_image("loose", {}, {{"x", 10}});
    held = add_image("held", {"held:1", "held:2"}, {{"h", 1}});
    old = add_container("old", base, core::container_state::exited);
    engine.volumes["data"].name = "data";
    engine.volumes["kept"].name = "kept";
    // Its second name is refused: the first one is given back.
    script.refused["remove_image held:2"] = {conflict()};
  }
  app::sweep_request request() const {
    auto all = plan_of({app, loose, held});
    all.plan.steps.insert(all.plan.steps.begin(), step_of(core::target_kind::container, old, {"old"}));
    all.plan.steps.push_back(step_of(core::target_kind::image, base, {"base:1"}));
    all.plan.steps.push_back(step_of(core::target_kind::volume, "data"));
    return all;
  }
  // False: the process died.
  bool run(const app::sweep_request& what) {
    app::sweeper one(engine, record, disks, archive, counts, log, options);
    try {
      return run_task(context, one.run(what), std::chrono::seconds(60)).has_value();
    } catch (const crash&) {
      return false;
    }
  }
  std::optional<int> settle() {
    app::sweeper one(engine, record, disks, archive, counts, log, options);
    try {
      const auto settled = run_task(context, one.settle("engine-1"), std::chrono::seconds(60));
      EXPECT_TRUE(settled.has_value()) << settled.error().message;
      return settled.value_or(0);
    } catch (const crash&) {
      return std::nullopt;
    }
  }
  // The process dies once the engine has done this.
  void run_until(const std::string& last_call, const app::sweep_request& what) {
    script.before = [&](const std::string& call) {
      if (call == last_call) script.crash_after = script.calls.size() - 1;
    };
    EXPECT_FALSE(run(what));
    no_more_crashes();
    script.before = nullptr;
  }
  void no_more_crashes() { script.crash_before = script.crash_after = std::nullopt; }

  void expect_agreement(const std::string& where) const {
    EXPECT_FALSE(record.locked) << where;
    for (const auto& sweep : record.sweeps) EXPECT_NE(sweep.outcome, core::sweep_outcome::running) << where;
    for (const auto& one : record.removals) {
      const std::string text = where + ", " + std::string(core::to_string(one.kind)) + " " + one.object_id + " is " +
                               std::string(core::to_string(one.outcome)) + ": " + one.problem;
      const bool there = one.kind == core::target_kind::image       ? engine.images.contains(one.object_id)
                         : one.kind == core::target_kind::container ? engine.containers.contains(one.object_id)
                                                                    : engine.volumes.contains(one.object_id);
      const bool open =
          one.outcome == outcome::planned || one.outcome == outcome::attempted || one.outcome == outcome::unknown;
      EXPECT_FALSE(open) << text;
      EXPECT_EQ(there, one.outcome != outcome::removed) << text;
      if (one.kind != core::target_kind::image || !there) continue;
      for (const auto& name : one.references) {
        EXPECT_EQ(std::ranges::count(engine.images.at(one.object_id).tags, name), 1) << text << ", name " << name;
      }
    }
  }

  std::string base, app, loose, held, old;
};

std::size_t calls_without_a_crash() {
  world all;
  EXPECT_TRUE(all.run(all.request()));
  EXPECT_THAT(all.outcomes(), ElementsAre(outcome::removed, outcome::removed, outcome::removed, outcome::refused,
                                          outcome::removed, outcome::removed));
  all.expect_agreement("without a crash");
  EXPECT_EQ(all.settle(), 0);
  return all.script.calls.size();
}

TEST(sweeper_crash, kill_at_any_point_leaves_a_record_that_settles_to_the_truth) {
  const auto most = calls_without_a_crash();
  ASSERT_GT(most, 50U);
  int interrupted = 0;
  for (std::size_t call = 0; call < most; ++call) {
    for (const bool acted : {false, true}) {
      world one;
      (acted ? one.script.crash_after : one.script.crash_before) = call;
      one.run(one.request());
      one.no_more_crashes();
      const bool left = !one.record.sweeps.empty() && one.record.sweeps[0].outcome == core::sweep_outcome::running;
      const std::string where = (acted ? "after call " : "before call ") + std::to_string(call) + " (" +
                                (one.script.calls.empty() ? "" : one.script.calls.back()) + ")";
      EXPECT_EQ(one.settle(), left ? 1 : 0) << where;
      one.expect_agreement(where);
      if (!left) continue;
      ++interrupted;
      EXPECT_EQ(one.record.sweeps[0].outcome, core::sweep_outcome::interrupted);
      EXPECT_EQ(one.record.sweeps[0].removed, std::ranges::count(one.outcomes(), outcome::removed)) << where;
      EXPECT_EQ(one.settle(), 0) << where;
    }
  }
  EXPECT_GT(interrupted, 80);
}

TEST(sweeper_crash, kill_while_settling_is_settled_by_the_next_start) {
  const auto most = calls_without_a_crash();
  for (std::size_t call = 4; call < most; call += 3) {
    for (std::size_t later = 0; later < 20; ++later) {
      world one;
      one.script.crash_after = call;
      one.run(one.request());
      one.no_more_crashes();
      const auto dies_at = one.script.calls.size() + later;
      (later % 2 == 0 ? one.script.crash_before : one.script.crash_after) = dies_at;
      const bool died = !one.settle();
      one.no_more_crashes();
      EXPECT_TRUE(one.settle().has_value());
      one.expect_agreement("after call " + std::to_string(call) + ", then settling died at " + std::to_string(later));
      if (!died) break;
    }
  }
}

TEST(sweeper_crash, the_next_sweep_settles_what_was_left_before_it_begins) {
  world one;
  one.run_until("remove_image b:1", one.request());
  EXPECT_THAT(one.engine.images[one.app].tags, ElementsAre("c:1"));
  ASSERT_TRUE(one.run(one.plan_of({one.loose})));
  EXPECT_EQ(one.record.sweeps[0].outcome, core::sweep_outcome::interrupted);
  EXPECT_EQ(one.record.sweeps[1].outcome, core::sweep_outcome::reached);
  EXPECT_THAT(one.engine.images[one.app].tags, testing::UnorderedElementsAre("a:1", "b:1", "c:1"));
  EXPECT_THAT(one.outcomes(), ElementsAre(outcome::removed));
}

// Docker on a full disk cannot write a name down. If that held up every sweep, the disk would stay full.
TEST(sweeper_crash, a_name_that_the_engine_cannot_take_back_holds_up_no_sweep) {
  world one;
  one.run_until("remove_image b:1", one.request());
  const core::failure full{core::failure_code::engine_error, "no space left on device", 500};
  for (int i = 0; i < 10; ++i) one.script.refused["tag_image"].push_back(full);
  ASSERT_TRUE(one.run(one.plan_of({one.loose})));
  EXPECT_EQ(one.record.sweeps[0].outcome, core::sweep_outcome::interrupted);
  EXPECT_EQ(one.record.sweeps[1].outcome, core::sweep_outcome::reached);
  const auto half_done = std::ranges::find(one.record.removals, outcome::unknown, &core::removal_record::outcome);
  ASSERT_NE(half_done, one.record.removals.end());
  EXPECT_THAT(half_done->problem, HasSubstr("no space left on device"));
}

TEST(sweeper_crash, a_tag_that_somebody_gave_away_meanwhile_stays_where_it_is) {
  world one;
  one.run_until("remove_image b:1", one.request());
  const auto newer = one.add_image("newer", {"a:1"}, {{"n", 1}});
  EXPECT_EQ(one.settle(), 1);
  EXPECT_EQ(one.engine.names()["a:1"], newer);
  EXPECT_EQ(one.engine.names()["b:1"], one.app);
  EXPECT_THAT(one.record.removals[1].problem, HasSubstr("not put back: a:1 (it means another image"));
}

TEST(sweeper_crash, what_others_removed_before_it_is_settled_is_gone_and_not_skipped) {
  world one;
  one.run_until("remove_image b:1", one.request());
  one.engine.images.erase(one.loose);
  EXPECT_EQ(one.settle(), 1);
  EXPECT_THAT(one.outcomes(), ElementsAre(outcome::removed, outcome::failed, outcome::gone, outcome::skipped,
                                          outcome::skipped, outcome::skipped));
}

TEST(sweeper_crash, one_tag_of_several_that_went_is_settled_as_removed) {
  world one;
  auto request = one.plan_of({one.app});
  request.plan.steps[0].names = {"b:1"};
  one.run_until("remove_image b:1", request);
  EXPECT_EQ(one.settle(), 1);
  EXPECT_THAT(one.outcomes(), ElementsAre(outcome::removed));
  EXPECT_THAT(one.engine.images[one.app].tags, ElementsAre("a:1", "c:1"));
}

TEST(sweeper_crash, settling_waits_for_an_engine_that_can_be_asked) {
  world one;
  one.run_until("remove_image b:1", one.request());
  one.script.refused["find_image"] = {connection_lost()};
  app::sweeper next(one.engine, one.record, one.disks, one.archive, one.counts, one.log, one.options);
  const auto failed = run_task(one.context, next.settle("engine-1"));
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(one.record.sweeps[0].outcome, core::sweep_outcome::running);
  one.script.refused["find_image"] = {connection_lost()};
  const auto refused = run_task(one.context, next.run(one.plan_of({one.loose})));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, app::skip_reason::engine_down);
  EXPECT_EQ(one.settle(), 1);
  one.expect_agreement("when the engine is back");
}

TEST(sweeper_crash, nothing_is_settled_while_another_process_sweeps) {
  world one;
  one.run_until("remove_image b:1", one.request());
  one.record.locked = true;
  EXPECT_EQ(one.settle(), std::nullopt) << "to be asked again, not settled";
  EXPECT_EQ(one.record.sweeps[0].outcome, core::sweep_outcome::running);
  one.record.locked = false;
}

}  // namespace
}  // namespace docksweep::test
