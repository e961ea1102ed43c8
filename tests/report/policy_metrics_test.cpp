// What the series of policies and sweeps say.
#include "report/policy_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/usage.hpp"
#include "report/exposition.hpp"
#include "report/openmetrics_checker.hpp"
#include "report/sample_policies.hpp"
#include "report/sweep_counts.hpp"

namespace docksweep::report {
namespace {

using namespace std::chrono_literals;
using core::sweep_outcome;

std::map<std::string, double> series_of(const std::vector<prometheus::MetricFamily>& families) {
  std::string out;
  write_families(out, families, exposition_format::openmetrics_1_0_0);
  close_exposition(out, exposition_format::openmetrics_1_0_0);
  const auto page = testing::read_openmetrics(out);
  EXPECT_THAT(page.faults, ::testing::IsEmpty()) << out;
  return page.samples;
}

TEST(policy_series, say_where_it_fires_where_it_stops_and_where_it_stands) {
  const testing::sample_policies policies;
  const auto series = series_of(policy_families(policies.figures()));
  EXPECT_EQ(series.at(R"(docksweep_policy_threshold{policy="pressure",quantity="disk"})"), 0.85);
  EXPECT_EQ(series.at(R"(docksweep_policy_threshold{policy="pressure",quantity="disk_free"})"), 2e9);
  EXPECT_EQ(series.at(R"(docksweep_policy_target{policy="pressure",quantity="disk"})"), 0.70);
  EXPECT_EQ(series.at(R"(docksweep_policy_value{policy="pressure",quantity="disk"})"), 0.9);
  EXPECT_EQ(series.at(R"(docksweep_policy_plan_images{policy="pressure"})"), 1) << "a container is no image";
  EXPECT_EQ(series.at(R"(docksweep_policy_plan_bytes{policy="pressure"})"), 1000) << "at least";
  EXPECT_EQ(series.at(R"(docksweep_policy_shortfall_bytes{policy="pressure"})"), 77);
  EXPECT_DOUBLE_EQ(series.at(R"(docksweep_policy_next_run_timestamp_seconds{policy="nightly"})"),
                   1795435200.25 + 14 * 3600);
  EXPECT_DOUBLE_EQ(series.at(R"(docksweep_sweep_last_success_timestamp_seconds{policy="pressure"})"), 1795435200.25);
}

TEST(policy_series, make_nothing_up_that_is_not_known) {
  const testing::sample_policies policies;
  for (const auto& [name, value] : series_of(policy_families(policies.figures()))) {
    EXPECT_EQ(name.find("by-hand"), std::string::npos) << name;
  }
}

class sweep_series : public ::testing::Test {
 protected:
  sweep_series() { counts.know_policies(policies.names()); }
  double value(const std::string& name) const {
    const auto all = series_of(counts.families());
    const auto at = all.find(name);
    EXPECT_NE(at, all.end()) << name;
    return at == all.end() ? -1 : at->second;
  }
  testing::sample_policies policies;
  sweep_counts counts;
};

TEST_F(sweep_series, every_known_label_value_is_zero_from_the_start) {
  const auto before = series_of(counts.families());
  for (const auto& policy : policies.names()) {
    for (const auto* trigger : {"threshold", "schedule", "alert", "manual"}) {
      const auto labels = "{policy=\"" + policy + "\",trigger=\"" + trigger + "\"}";
      EXPECT_EQ(before.at("docksweep_sweeps_total" + labels), 0);
      EXPECT_EQ(before.at("docksweep_sweep_failures_total" + labels), 0);
    }
    for (const auto why : app::all_skip_reasons) {
      EXPECT_EQ(before.at("docksweep_sweeps_skipped_total{policy=\"" + policy + "\",reason=\"" +
                          std::string(app::to_string(why)) + "\"}"),
                0);
    }
    for (const auto* name : {"sweep_targets_missed", "policy_missed_runs", "removed_images", "removed_containers",
                             "regret_pulls", "regret_bytes", "image_shadow_regrets"}) {
      EXPECT_EQ(before.at("docksweep_" + std::string(name) + "_total{policy=\"" + policy + "\"}"), 0);
    }
  }
  for (const auto* reason : {"conflict", "engine", "timeout"}) {
    EXPECT_EQ(before.at("docksweep_removal_failures_total{reason=\"" + std::string(reason) + "\"}"), 0);
  }
  for (const auto* resource : {"images", "containers", "volumes", "build_cache"}) {
    EXPECT_EQ(before.at("docksweep_freed_bytes_total{resource=\"" + std::string(resource) + "\"}"), 0);
    EXPECT_EQ(before.at("docksweep_predicted_bytes_total{resource=\"" + std::string(resource) + "\"}"), 0);
  }
  for (const auto* name : {"restored_images_total", "foreign_removals_total", "sweep_in_progress"}) {
    EXPECT_EQ(before.at("docksweep_" + std::string(name)), 0);
  }
}

TEST_F(sweep_series, a_sweep_counts_by_what_it_came_to) {
  for (const auto outcome : {sweep_outcome::reached, sweep_outcome::missed, sweep_outcome::stopped,
                             sweep_outcome::failed, sweep_outcome::observed}) {
    counts.sweep_began("pressure", core::sweep_trigger::threshold);
    EXPECT_EQ(value("docksweep_sweep_in_progress"), 1);
    counts.sweep_ended(policies.sweep(outcome), 3s);
    EXPECT_EQ(value("docksweep_sweep_in_progress"), 0);
  }
  const std::string labels = R"({policy="pressure",trigger="threshold"})";
  EXPECT_EQ(value("docksweep_sweeps_total" + labels), 4) << "an observed one removed nothing";
  EXPECT_EQ(value("docksweep_sweep_failures_total" + labels), 1) << "one that a person stopped did not fail";
  EXPECT_EQ(value(R"(docksweep_sweep_targets_missed_total{policy="pressure"})"), 1);
  EXPECT_EQ(value("docksweep_sweep_duration_seconds_count"), 4);
}

TEST_F(sweep_series, count_what_went_and_what_did_not) {
  counts.removed("pressure", core::target_kind::image);
  counts.removed("pressure", core::target_kind::container);
  counts.removed("pressure", core::target_kind::image);
  counts.bytes(core::target_kind::image, 500, 400);
  counts.bytes(core::target_kind::build_cache, 70, 80);
  counts.bytes(core::target_kind::image, 10, -3);  // others wrote more than went: counters do not go down
  counts.removal_failed(app::removal_failure::conflict);
  counts.regret("pressure", 1234);
  counts.shadow_regret("nightly");
  counts.foreign_removal(3);
  counts.schedule_missed("nightly");
  counts.sweep_skipped("nightly", app::skip_reason::window);
  EXPECT_EQ(value(R"(docksweep_removed_images_total{policy="pressure"})"), 2);
  EXPECT_EQ(value(R"(docksweep_removed_containers_total{policy="pressure"})"), 1);
  EXPECT_EQ(value(R"(docksweep_predicted_bytes_total{resource="images"})"), 510);
  EXPECT_EQ(value(R"(docksweep_freed_bytes_total{resource="images"})"), 400);
  EXPECT_EQ(value(R"(docksweep_freed_bytes_total{resource="build_cache"})"), 80);
  EXPECT_EQ(value(R"(docksweep_removal_failures_total{reason="conflict"})"), 1);
  EXPECT_EQ(value(R"(docksweep_regret_pulls_total{policy="pressure"})"), 1);
  EXPECT_EQ(value(R"(docksweep_regret_bytes_total{policy="pressure"})"), 1234);
  EXPECT_EQ(value(R"(docksweep_image_shadow_regrets_total{policy="nightly"})"), 1);
  EXPECT_EQ(value("docksweep_foreign_removals_total"), 3);
  EXPECT_EQ(value(R"(docksweep_policy_missed_runs_total{policy="nightly"})"), 1);
  EXPECT_EQ(value(R"(docksweep_sweeps_skipped_total{policy="nightly",reason="window"})"), 1);
}

TEST_F(sweep_series, a_policy_that_comes_by_reload_is_zero_and_the_others_go_on) {
  counts.removed("pressure", core::target_kind::image);
  counts.know_policies({"pressure", "new"});
  EXPECT_EQ(value(R"(docksweep_removed_images_total{policy="new"})"), 0);
  EXPECT_EQ(value(R"(docksweep_removed_images_total{policy="pressure"})"), 1);
}

TEST(keeping_series, say_which_rules_hold_images_and_how_far_back_use_is_known) {
  auto state = testing::sample_state();
  const auto images = state.view->what().images.size();
  EXPECT_FALSE(series_of(node_families(state, {})).contains(R"(docksweep_images_protected{reason="label"})"));
  EXPECT_FALSE(series_of(node_families(state, {})).contains("docksweep_paused"));
  state.protections.assign(images, std::nullopt);
  state.protections[0] = core::reason::label;
  state.paused = true;
  core::use_book book;
  book.load({{.id = testing::sample_id('b'),
              .first_seen = testing::sample_now() - 2h,
              .last_used = testing::sample_now() - 1h},
             {.id = testing::sample_id('d'), .first_seen = testing::sample_now(), .last_used = testing::sample_now()}},
            testing::sample_now());
  state.usage = &book;
  const auto series = series_of(node_families(state, {.per_image = 3}));
  EXPECT_EQ(series.at(R"(docksweep_images_protected{reason="label"})"), 1);
  EXPECT_EQ(series.at(R"(docksweep_images_protected{reason="min_age"})"), 0);
  EXPECT_EQ(series.at("docksweep_paused"), 1);
  EXPECT_DOUBLE_EQ(series.at("docksweep_image_oldest_use_timestamp_seconds"), 1795435200.25 - 3600);
  EXPECT_DOUBLE_EQ(
      series.at("docksweep_image_last_used_timestamp_seconds{id=\"" + testing::sample_id('d') + "\",image=\"<none>\"}"),
      1795435200.25);
}

}  // namespace
}  // namespace docksweep::report
