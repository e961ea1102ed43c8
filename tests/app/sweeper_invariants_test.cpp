// The invariants of the design, one by one, against an engine that changes between the plan and the removal.
#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class sweeper_invariants : public swept_node {};

TEST_F(sweeper_invariants, invariant_1_keeps_image_of_container_created_between_plan_and_delete) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  when("find_image app:1", [&] { add_container("late", app, core::container_state::created); });
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_EQ(record.removals[0].outcome, outcome::kept);
  EXPECT_EQ(record.removals[0].why, core::reason::in_use);
  EXPECT_THAT(record.removals[0].problem, HasSubstr("late"));
}

TEST_F(sweeper_invariants, invariant_1_keeps_image_mounted_between_plan_and_delete) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  const auto tool = add_image("tool", {"tool:1"}, {{"t", 1}});
  when("find_image app:1", [&] { engine.containers[add_container("late", tool)].listed.image_mounts = {"app:1"}; });
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_EQ(record.removals[0].why, core::reason::in_use);
}

TEST_F(sweeper_invariants, invariant_1_keeps_containers_that_run_again_or_have_run_since) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  const auto first = add_container("first", app), second = add_container("second", app);
  const auto third = add_container("third", app), fourth = add_container("fourth", app);
  auto request = plan_of({});
  core::container_details_by_id stopped;
  for (const auto& [id, one] : engine.containers) stopped[id] = one.details;
  stopped.erase(fourth);
  request.stopped = &stopped;
  for (const auto& id : {first, second, third, fourth}) {
    request.plan.steps.push_back(step_of(core::target_kind::container, id, {id.substr(2)}));
  }
  engine.containers[first].details.state = core::container_state::running;
  engine.containers[second].details.finished_at = wall - std::chrono::hours(1);
  engine.containers[fourth].details.finished_at = wall + std::chrono::seconds(1);
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_container " + third));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::kept, outcome::removed, outcome::kept));
  EXPECT_EQ(record.removals[0].why, core::reason::in_use);
  EXPECT_EQ(record.removals[2].freed, 7);
  EXPECT_EQ(record.removals[2].inspect, "{\"Name\":\"third\"}");
}

TEST_F(sweeper_invariants, invariant_4_keeps_what_was_used_between_plan_and_delete_by_a_container_that_is_gone) {
  const auto app = add_image("app", {"app:1", "app:2"}, {{"l1", 100}});
  const auto other = add_image("other", {"other:1"}, {{"o", 5}});
  auto request = plan_of({app, other});
  request.used_since = [&](const core::plan_step& step) { return step.id == app; };
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_image other:1"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
  EXPECT_EQ(record.removals[0].why, core::reason::min_age);
  EXPECT_EQ(record.removals[0].problem, "used since the plan was made");
}

TEST_F(sweeper_invariants, invariant_4_use_between_two_names_puts_the_first_one_back) {
  const auto app = add_image("app", {"app:1", "app:2"}, {{"l1", 100}});
  auto request = plan_of({app});
  bool used = false;
  request.used_since = [&](const core::plan_step&) { return used; };
  when("remove_image app:1", [&] { used = true; });
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_image app:1"));
  EXPECT_EQ(record.removals[0].outcome, outcome::kept);
  EXPECT_THAT(engine.images.at(app).tags, testing::UnorderedElementsAre("app:1", "app:2"));
}

TEST_F(sweeper_invariants, use_that_the_sweep_itself_ends_or_that_no_rule_goes_by_keeps_nothing) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  const auto freed = [&](std::uint32_t after_step, bool named) {
    auto request = plan_of({app});
    request.plan.steps[0].after_step = after_step;
    request.used_since = [](const core::plan_step&) { return true; };
    if (named) {
      const auto job = add_container("job", app);
      request.node = look();
      request.plan.steps.insert(request.plan.steps.begin(), step_of(core::target_kind::container, job, {"job"}));
    }
    return request;
  };
  ASSERT_TRUE(sweep(freed(1, false)).has_value());
  EXPECT_FALSE(engine.images.contains(app));
  add_image("app", {"app:1"}, {{"l1", 100}});
  ASSERT_TRUE(sweep(freed(0, true)).has_value());  // as `remove CONTAINER IMAGE` plans it
  EXPECT_FALSE(engine.images.contains(app));

  add_image("app", {"app:1"}, {{"l1", 100}});
  auto request = freed(0, false);
  request.policy.keep.min_age = core::duration(0);
  request.policy.remove.images = core::image_selection{.unused_for = std::chrono::hours(1)};
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept));
  request.policy.remove.images->unused_for = std::nullopt;
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_FALSE(engine.images.contains(app));
}

TEST_F(sweeper_invariants, invariant_2_names_go_one_at_a_time_each_with_its_own_recheck) {
  const auto app = add_image("app", {"a:1", "b:1", "c:1"}, {{"l1", 100}});
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  std::vector<std::string> calls;
  for (const auto& call : script.calls) {
    const bool counts_here =
        call.starts_with("find_image") || call.starts_with("holders") || call.starts_with("remove");
    if (counts_here) calls.push_back(call);
  }
  EXPECT_THAT(calls, ElementsAre("find_image a:1", "holders_of_image " + app, "remove_image a:1", "find_image b:1",
                                 "holders_of_image " + app, "remove_image b:1", "find_image c:1",
                                 "holders_of_image " + app, "remove_image c:1"));
}

TEST_F(sweeper_invariants, invariant_2_parent_stays_when_its_child_was_kept) {
  const auto base = add_image("base", {"base:1"}, {{"l1", 100}});
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}, {"l2", 20}}, base);
  when("find_image app:1", [&] { add_container("late", app); });
  ASSERT_TRUE(sweep(plan_of({app, base})).has_value());
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::kept));
  EXPECT_EQ(record.removals[1].why, core::reason::frees_nothing);
  EXPECT_THAT(engine.images[base].tags, ElementsAre("base:1"));
}

TEST_F(sweeper_invariants, invariant_2_parent_of_an_image_built_since_gets_its_name_back) {
  const auto base = add_image("base", {"base:1", "base:2"}, {{"l1", 100}});
  when("find_image base:1", [&] { add_image("app", {"app:1"}, {{"l1", 100}, {"l2", 20}}, base); });
  ASSERT_TRUE(sweep(plan_of({base})).has_value());
  EXPECT_EQ(record.removals[0].outcome, outcome::refused);
  EXPECT_THAT(record.removals[0].problem, HasSubstr("names put back: base:1, base:2"));
  EXPECT_THAT(engine.images[base].tags, testing::UnorderedElementsAre("base:1", "base:2"));
}

TEST_F(sweeper_invariants, invariant_3_a_partial_view_removes_nothing) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  auto request = plan_of({app});
  request.plan.partial = true;
  const auto refused = sweep(std::move(request));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, app::skip_reason::stale_inventory);
  EXPECT_THAT(script.calls, IsEmpty());
}

TEST_F(sweeper_invariants, invariant_3_unreadable_entries_in_the_middle_stop_the_sweep) {
  const auto one = add_image("one", {"one:1"}, {{"l1", 100}});
  const auto two = add_image("two", {"two:1"}, {{"l2", 100}});
  const auto three = add_image("three", {"three:1"}, {{"l3", 100}});
  when("find_image two:1", [&] { engine.unreadable = 1; });
  const auto done = sweep(plan_of({one, two, three}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::failed);
  EXPECT_THAT(done->problem, HasSubstr("partial view"));
  EXPECT_THAT(script.removals(), ElementsAre("remove_image one:1"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::skipped, outcome::skipped));
}

TEST_F(sweeper_invariants, invariant_3_a_listing_that_fails_stops_the_sweep) {
  const auto one = add_image("one", {"one:1"}, {{"l1", 100}});
  const auto two = add_image("two", {"two:1"}, {{"l2", 100}});
  script.refused["holders_of_image"] = {engine_fault()};
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::failed);
  EXPECT_THAT(script.removals(), IsEmpty());
}

TEST_F(sweeper_invariants, invariant_3_one_odd_image_is_kept_and_stops_nothing) {
  const auto one = add_image("one", {"one:1"}, {{"l1", 100}});
  const auto two = add_image("two", {"two:1"}, {{"l2", 100}});
  script.refused["find_image one:1"] = {engine_fault("layer does not exist")};
  const auto done = sweep(plan_of({one, two}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
  EXPECT_EQ(record.removals[0].why, core::reason::unreadable);
}

TEST_F(sweeper_invariants, invariant_4_a_tag_that_moved_between_plan_and_delete_is_kept) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  when("find_image app:1", [&] {
    engine.images[app].tags.clear();
    add_image("newer", {"app:1"}, {{"n", 1}});
  });
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_EQ(record.removals[0].outcome, outcome::kept);
  EXPECT_EQ(record.removals[0].why, core::reason::min_age);
  EXPECT_THAT(record.removals[0].problem, HasSubstr(id_of("newer")));
}

TEST_F(sweeper_invariants, invariant_4_a_name_given_between_plan_and_delete_keeps_the_image) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  const auto loose = add_image("loose", {}, {{"l2", 100}});
  when("find_image app:1", [&] {
    engine.images[app].tags.push_back("mine:1");
    engine.images[loose].tags.push_back("mine:2");
  });
  ASSERT_TRUE(sweep(plan_of({app, loose})).has_value());
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::kept));
  EXPECT_THAT(record.removals[0].problem, HasSubstr("mine:1"));
}

TEST_F(sweeper_invariants, invariant_6_a_volume_that_is_mounted_since_is_kept) {
  engine.volumes["data"] = {};
  engine.volumes["old"] = {};
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  auto request = plan_of({});
  request.plan.steps = {step_of(core::target_kind::volume, "data"), step_of(core::target_kind::volume, "old")};
  engine.containers[add_container("db", app)].listed.volumes = {"data"};
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_volume old"));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
}

TEST_F(sweeper_invariants, invariant_7_observe_mode_deletes_nothing_and_remembers_what_it_would_have) {
  const auto app = add_image("app", {"app:1", "app:2"}, {{"l1", 100}});
  const auto kept = add_image("kept", {"kept:1"}, {{"l2", 100}});
  add_container("web", kept);
  engine.volumes["data"] = {};
  engine.build_cache = 9;
  auto request = plan_of({app, kept}, false);
  request.plan.steps.push_back(step_of(core::target_kind::container, "c-web", {"web"}));
  request.plan.steps.push_back(step_of(core::target_kind::build_cache, ""));
  request.plan.steps.push_back(step_of(core::target_kind::volume, "data"));
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::observed);
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_THAT(outcomes(),
              ElementsAre(outcome::skipped, outcome::kept, outcome::skipped, outcome::skipped, outcome::skipped));
  ASSERT_EQ(record.shadows.size(), 1U);
  EXPECT_EQ(record.shadows[0].image_id, app);
  EXPECT_EQ(log.of("removal")[0].fields.at("outcome"), "observed");
}

TEST_F(sweeper_invariants, invariant_7_observe_mode_counts_on_the_containers_that_it_would_have_removed) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  const auto base = add_image("base", {"base:1"}, {{"b", 100}});
  const auto old = add_container("old", app), web = add_container("web", base);
  engine.containers[old].listed.volumes = {"data"};
  engine.volumes["data"] = {};
  auto request = plan_of({app, base}, false);
  request.plan.steps.insert(request.plan.steps.begin(), step_of(core::target_kind::container, old, {"old"}));
  request.plan.steps.push_back(step_of(core::target_kind::volume, "data"));
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::skipped, outcome::skipped, outcome::kept, outcome::skipped));
  request.enforce = true;
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed, outcome::kept, outcome::removed));
  EXPECT_TRUE(engine.containers.contains(web));
}

TEST_F(sweeper_invariants, invariant_7_without_a_durable_record_nothing_is_enforced) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  record.is_durable = false;
  const auto refused = sweep(plan_of({app}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().is_fault);
  EXPECT_THAT(refused.error().message, HasSubstr("state.path"));
  EXPECT_THAT(script.calls, IsEmpty());
  EXPECT_TRUE(sweep(plan_of({app}, false)).has_value());
}

TEST_F(sweeper_invariants, invariant_8_every_removal_is_on_record_before_it_is_attempted_and_after) {
  const auto one = add_image("one", {"one:1", "one:2"}, {{"l1", 100}});
  const auto two = add_image("two", {}, {{"l2", 100}});
  auto request = plan_of({one, two});
  std::vector<outcome> seen;
  script.before = [&](const std::string& call) {
    if (!call.starts_with("remove_image")) return;
    ASSERT_EQ(record.removals.size(), 2U);
    seen.push_back(record.removals[call == "remove_image " + two ? 1 : 0].outcome);
  };
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_THAT(seen, ElementsAre(outcome::attempted, outcome::attempted, outcome::attempted));
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed));
}

TEST_F(sweeper_invariants, invariant_8_nothing_is_removed_when_the_record_cannot_begin) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}});
  script.refused["begin_sweep"] = {disk_fault()};
  const auto refused = sweep(plan_of({app}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().is_fault);
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_THAT(counts.events, IsEmpty());
  EXPECT_FALSE(record.locked);
}

TEST_F(sweeper_invariants, invariant_8_no_removal_follows_one_that_could_not_be_recorded) {
  for (const std::string call : {"update_removal attempted", "update_removal removed"}) {
    const auto one = add_image("one", {"one:1"}, {{"l1", 100}});
    const auto two = add_image("two", {"two:1"}, {{"l2", 100}});
    script.calls.clear();
    script.refused[call] = {disk_fault()};
    const auto done = sweep(plan_of({one, two}));
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->outcome, core::sweep_outcome::failed) << call;
    EXPECT_THAT(done->problem, HasSubstr("disk I/O error"));
    EXPECT_EQ(script.removals().size(), call.ends_with("attempted") ? 0U : 1U);
    EXPECT_TRUE(engine.images.contains(two));
  }
}

TEST_F(sweeper_invariants, invariant_9_observing_and_enforcing_make_the_same_calls_up_to_the_delete) {
  const auto build = [&] {
    const auto base = add_image("base", {"base:1"}, {{"l1", 100}});
    const auto app = add_image("app", {"a:1", "b:1"}, {{"l1", 100}, {"l2", 20}}, base);
    const auto used = add_image("used", {"used:1"}, {{"u", 9}});
    add_container("web", used, core::container_state::running);
    const auto old = add_container("old", used);
    engine.volumes["data"] = {};
    engine.build_cache = 9;
    auto request = plan_of({app, base, used});
    request.plan.steps.push_back(step_of(core::target_kind::container, old, {"old"}));
    request.plan.steps.push_back(step_of(core::target_kind::build_cache, ""));
    request.plan.steps.push_back(step_of(core::target_kind::volume, "data"));
    return request;
  };
  const auto calls_but_changes = [&] {
    std::vector<std::string> calls;
    for (const auto& call : script.calls) {
      const bool change = call.starts_with("remove_") || call.starts_with("prune_") || call.starts_with("update_") ||
                          call.starts_with("save_shadows") || call.starts_with("end_");
      if (!change) calls.push_back(call);
    }
    return calls;
  };
  auto request = build();
  request.enforce = false;
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_THAT(script.removals(), IsEmpty());
  const auto observed = calls_but_changes();
  script.calls.clear();
  request.enforce = true;
  ASSERT_TRUE(sweep(request).has_value());
  auto enforced = calls_but_changes();
  EXPECT_EQ(script.removals().size(), 6U);
  EXPECT_EQ(observed, enforced);
  EXPECT_GT(observed.size(), 15U);
}

TEST_F(sweeper_invariants, invariant_9_exactly_the_shown_list_runs) {
  const auto one = add_image("one", {"one:1"}, {{"l1", 100}});
  add_image("two", {"two:1"}, {{"l2", 100}});
  const auto three = add_image("three", {"three:1"}, {{"l3", 100}});
  ASSERT_TRUE(sweep(plan_of({three, one})).has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_image three:1", "remove_image one:1"));
}

}  // namespace
}  // namespace docksweep::test
