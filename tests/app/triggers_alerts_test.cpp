// Alerts that start policies: once for each occurrence, on the right node, whoever tells of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/triggered_node.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;
using enum alert_result;
using results = std::vector<alert_result>;

class alerts_on_node : public test::triggered_node {
 protected:
  alerts_on_node() {
    policies = {alert_policy()};
    add_image(1);
    add_image(2);
  }
  static core::policy alert_policy(const char* matcher = "alertname=DiskFull", std::string name = "on-alert") {
    auto policy = dangling_policy(std::move(name));
    policy.when.quantities.clear();
    policy.when.alerts = {*core::label_matcher::parse(matcher), *core::label_matcher::parse("severity!=info")};
    return policy;
  }
  core::alert disk_full(int start = 0, const std::string& instance = "node-7:9100") const {
    core::alert one;
    one.labels = {{"alertname", "DiskFull"}, {"instance", instance}};
    one.starts_at = core::instant(std::chrono::seconds(1'764'000'000 + start));
    one.fingerprint = core::fingerprint_of(one.labels);
    return one;
  }
  static core::alert ended(core::alert one) {
    one.firing = false;
    return one;
  }
  core::result<results> try_posting(std::vector<core::alert> alerts) {
    auto verdicts = run(triggers->on_alerts({.source = core::alert_source::webhook, .alerts = std::move(alerts)}));
    if (!verdicts) return std::unexpected(verdicts.error());
    results all;
    for (const auto& one : *verdicts) all.push_back(one.result);
    return all;
  }
  results post(std::vector<core::alert> alerts) {
    const auto posted = try_posting(std::move(alerts));
    EXPECT_TRUE(posted) << posted.error().message;
    return posted.value_or(results{});
  }
  void poll(std::vector<core::alert> active) {
    const auto polled = run(triggers->on_poll("on-alert", std::move(active)));
    EXPECT_TRUE(polled) << polled.error().message;
  }
  bool start_and_see() {
    start();
    return run_until_seen();
  }
  bool swept(std::size_t times = 1) {
    return run_until([&] { return sweeps_ended() == times && !sweeps->running(); });
  }
};

TEST_F(alerts_on_node, an_alert_starts_its_policy_once) {
  ASSERT_TRUE(start_and_see());
  EXPECT_EQ(post({disk_full()}), results{queued});
  ASSERT_TRUE(swept());
  EXPECT_EQ(engine.removed.size(), 2U);
  EXPECT_EQ(counts.ended[0].trigger, core::sweep_trigger::alert);
  EXPECT_EQ(counts.ended[0].cause, "alert DiskFull{instance=\"node-7:9100\"} by webhook");
  add_image(3);
  add_image(4);
  ASSERT_TRUE(run_until_listed(4));
  EXPECT_EQ(post({disk_full()}), results{duplicate}) << "told again";
  let_pass(1h);
  EXPECT_EQ(post({disk_full()}), results{duplicate}) << "it fires on after the cooldown: it had its sweep";
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  EXPECT_EQ(post({disk_full(7)}), results{queued}) << "it ended and fires again";
  EXPECT_TRUE(swept(2));
  EXPECT_EQ(alert_counts.received["webhook firing"], 4);
}

TEST_F(alerts_on_node, is_known_after_a_restart) {
  ASSERT_TRUE(start_and_see());
  post({disk_full()});
  ASSERT_TRUE(swept());
  stop();
  state.reset();
  add_image(3);
  start();
  ASSERT_TRUE(run_until([&] { return try_posting({}).has_value(); }));
  EXPECT_EQ(post({disk_full()}), results{duplicate});
  let_pass(1h);
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
}

TEST_F(alerts_on_node, one_that_waits_outlives_a_restart) {
  options.settle = 1h;
  ASSERT_TRUE(start_and_see());
  EXPECT_EQ(post({disk_full()}), results{queued});
  ASSERT_TRUE(run_until([&] { return counts.skipped["on-alert settling"] == 1; }));
  run_for(100ms);
  EXPECT_EQ(counts.skipped["on-alert settling"], 1) << "once an occasion";
  stop();
  state.reset();
  options.settle = 0s;
  start();
  EXPECT_TRUE(swept());
}

TEST_F(alerts_on_node, of_other_nodes_and_of_no_policy_start_nothing) {
  options.node = *core::parse_matchers(R"(instance=~"node-7(:.*)?")");
  ASSERT_TRUE(start_and_see());
  auto mild = disk_full();
  mild.labels.emplace_back("severity", "info");
  auto other = disk_full();
  other.labels[0].second = "DiskSlow";
  EXPECT_EQ(post({disk_full(0, "node-70:9100"), mild, other}), (results{other_node, unmatched, unmatched}));
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  EXPECT_EQ(alert_counts.rejected["other_node"], 1);
  EXPECT_EQ(alert_counts.rejected["unmatched"], 2);
  EXPECT_EQ(post({disk_full()}), results{queued});
  EXPECT_TRUE(swept());
}

TEST_F(alerts_on_node, that_end_while_they_wait_start_nothing) {
  ASSERT_TRUE(start_and_see());
  const core::pause_state pause{clocks().wall(), std::nullopt, "release day", "alice"};
  ASSERT_TRUE(run(another_process()->save_pause(pause)));
  ASSERT_TRUE(run_until([&] { return triggers->paused().has_value(); }));
  EXPECT_EQ(post({disk_full()}), results{queued});
  ASSERT_TRUE(run_until([&] { return counts.skipped["on-alert paused"] == 1; }));
  EXPECT_EQ(post({ended(disk_full())}), results{resolved});
  EXPECT_EQ(log.count("alert_resolved"), 1U);
  EXPECT_EQ(post({disk_full()}), results{duplicate}) << "a copy that comes late";
  EXPECT_TRUE(run(another_process()->save_pause(std::nullopt)));
  ASSERT_TRUE(run_until([&] { return !triggers->paused(); }));
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  EXPECT_EQ(alert_counts.received["webhook resolved"], 1);
}

TEST_F(alerts_on_node, that_come_while_a_policy_cools_down_wait_for_it) {
  ASSERT_TRUE(start_and_see());
  post({disk_full()});
  ASSERT_TRUE(swept());
  add_image(3);
  ASSERT_TRUE(run_until_listed(3));
  EXPECT_EQ(post({disk_full(0, "node-7:9200")}), results{cooling_down});
  run_for(50ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  let_pass(11min);
  EXPECT_TRUE(swept(2));
}

TEST_F(alerts_on_node, several_that_wait_for_a_policy_are_one_sweep) {
  auto second = alert_policy("alertname=~.+", "second");
  second.mode = core::mode::observe;
  policies.push_back(second);
  ASSERT_TRUE(start_and_see());
  EXPECT_EQ(post({disk_full(1), disk_full(0, "node-7:1"), disk_full(1)}), (results{queued, queued, queued}));
  ASSERT_TRUE(run_until([&] { return sweeps_ended() >= 1; }));
  EXPECT_EQ(counts.ended[0].cause, "alert DiskFull{instance=\"node-7:1\"} by webhook (and 1 more)");
  run_for(100ms);
  EXPECT_LE(sweeps_ended(), 2U);
  EXPECT_EQ(engine.removed.size(), 2U);
}

TEST_F(alerts_on_node, in_observe_mode_are_planned_once_and_remove_nothing) {
  policies[0].mode = core::mode::observe;
  ASSERT_TRUE(start_and_see());
  EXPECT_EQ(post({disk_full()}), results{queued});
  ASSERT_TRUE(swept());
  EXPECT_EQ(counts.ended[0].outcome, core::sweep_outcome::observed);
  EXPECT_EQ(post({disk_full()}), results{duplicate});
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
  EXPECT_TRUE(engine.removed.empty());
}

TEST_F(alerts_on_node, wait_on_when_another_process_sweeps) {
  ASSERT_TRUE(start_and_see());
  auto permit = run(state->try_to_sweep(held.identity.id));
  ASSERT_TRUE(permit && *permit != nullptr);
  EXPECT_EQ(post({disk_full()}), results{queued});
  ASSERT_TRUE(run_until([&] { return counts.skipped["on-alert running"] == 1; }));
  EXPECT_EQ(post({disk_full()}), results{duplicate});
  permit->reset();
  let_pass(6s);
  EXPECT_TRUE(swept());
}

TEST_F(alerts_on_node, that_another_process_took_start_nothing_here) {
  options.settle = 1h;
  ASSERT_TRUE(start_and_see());
  post({disk_full()});
  ASSERT_TRUE(run_until([&] { return counts.skipped["on-alert settling"] == 1; }));
  const core::alert_key key{"on-alert", disk_full().fingerprint, disk_full().starts_at};
  auto other = another_process();
  const auto taken =
      run(other->move_alerts(held.identity.id, {key}, core::alert_state::waiting, core::alert_state::begun));
  ASSERT_TRUE(taken && taken->front());
  EXPECT_EQ(post({disk_full()}), results{duplicate});
  let_pass(2h);
  run_for(200ms);
  EXPECT_EQ(sweeps_ended(), 0U);
}

TEST_F(alerts_on_node, that_another_process_put_on_record_are_duplicates) {
  ASSERT_TRUE(start_and_see());
  auto other = another_process();
  core::alert_record record;
  record.key = {"on-alert", disk_full().fingerprint, disk_full().starts_at};
  record.state = core::alert_state::begun;
  record.heard_at = clocks().wall();
  ASSERT_TRUE(run(other->add_alerts(held.identity.id, {record})));
  EXPECT_EQ(post({disk_full()}), results{duplicate});
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 0U);
}

TEST_F(alerts_on_node, before_an_engine_is_known_are_to_be_sent_again) {
  held.odd["identify"] = core::failure{core::failure_code::unreachable, "nobody is there", 0};
  start();
  run_for(50ms);
  const auto posted = try_posting({disk_full()});
  ASSERT_FALSE(posted);
  EXPECT_EQ(posted.error().code, core::failure_code::unreachable);
  held.odd.clear();
  ASSERT_TRUE(run_until([&] { return try_posting({}).has_value(); }));
  EXPECT_EQ(post({disk_full()}), results{queued});
  EXPECT_TRUE(swept());
}

TEST_F(alerts_on_node, are_refused_when_too_many_wait) {
  options.settle = 1h;
  ASSERT_TRUE(start_and_see());
  std::vector<core::alert> many;
  for (int i = 0; i < 1000; ++i) many.push_back(disk_full(0, "node-" + std::to_string(i)));
  post(many);
  const auto more = try_posting({disk_full(1)});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, core::failure_code::too_large);
  EXPECT_EQ(post({many[7]}), results{duplicate}) << "what is known is answered";
}

TEST_F(alerts_on_node, nobody_tells_of_for_a_day_wait_no_more) {
  options.settle = 100h;
  ASSERT_TRUE(start_and_see());
  post({disk_full()});
  let_pass(24h);
  post({disk_full()});
  let_pass(24h);
  run_for(50ms);
  EXPECT_EQ(log.count("alert_expired"), 0U) << "it was told of since";
  let_pass(2h);
  ASSERT_TRUE(run_until([&] { return log.count("alert_expired") == 1; }));
  let_pass(100h);
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 0U);
}

TEST_F(alerts_on_node, that_a_poll_finds_start_a_policy_once) {
  options.node = *core::parse_matchers(R"(instance=~"node-7(:.*)?")");
  ASSERT_TRUE(start_and_see());
  poll({disk_full(), disk_full(0, "node-8:9100")});
  ASSERT_TRUE(swept());
  EXPECT_EQ(counts.ended[0].cause, "alert DiskFull{instance=\"node-7:9100\"} by alertmanager");
  add_image(3);
  poll({disk_full()});
  let_pass(1h);
  poll({disk_full()});
  EXPECT_EQ(post({disk_full()}), results{duplicate}) << "and the webhook tells of the same";
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 1U);
}

TEST_F(alerts_on_node, that_a_poll_finds_no_more_wait_no_more_and_come_back) {
  options.settle = 1h;
  ASSERT_TRUE(start_and_see());
  poll({disk_full()});
  ASSERT_TRUE(run_until([&] { return counts.skipped["on-alert settling"] == 1; }));
  poll({});
  EXPECT_EQ(log.count("alert_resolved"), 1U) << "it ended, or is silenced";
  let_pass(2h);
  run_for(100ms);
  EXPECT_EQ(sweeps_ended(), 0U);
  poll({disk_full()});
  EXPECT_TRUE(swept()) << "its silence is over, and it had no sweep";
}

TEST_F(alerts_on_node, of_a_webhook_are_not_ended_by_a_poll_elsewhere) {
  options.settle = 1h;
  ASSERT_TRUE(start_and_see());
  post({disk_full()});
  poll({});
  let_pass(2h);
  EXPECT_TRUE(swept());
}

TEST_F(alerts_on_node, with_a_quantity_beyond_its_threshold_do_not_wait_for_it_to_hold) {
  policies[0].when.quantities = {{core::quantity::dangling, 1}};
  policies[0].when.hold = 1h;
  ASSERT_TRUE(start_and_see());
  EXPECT_EQ(post({disk_full()}), results{queued});
  ASSERT_TRUE(swept());
  EXPECT_EQ(counts.ended[0].trigger, core::sweep_trigger::alert);
}

}  // namespace
}  // namespace docksweep::app
