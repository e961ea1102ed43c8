// What the agent counts about itself.
#include "report/telemetry.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "report/exposition.hpp"
#include "report/openmetrics_checker.hpp"
#include "report/process_metrics.hpp"
#include "report/sample_node.hpp"

namespace docksweep::report {
namespace {

using namespace std::chrono_literals;

std::map<std::string, double> series_of(const std::vector<prometheus::MetricFamily>& families) {
  std::string out;
  write_families(out, families, exposition_format::openmetrics_1_0_0);
  close_exposition(out, exposition_format::openmetrics_1_0_0);
  const auto page = testing::read_openmetrics(out);
  EXPECT_THAT(page.faults, ::testing::IsEmpty()) << out;
  return page.samples;
}

class telemetry_test : public ::testing::Test {
 protected:
  std::map<std::string, double> series() const { return series_of(telemetry_.families()); }
  prometheus_telemetry telemetry_{{"0.1.0", "unknown", "gcc 12.2.0"}, testing::sample_now};
};

TEST_F(telemetry_test, every_known_label_value_is_zero_from_the_start) {
  const auto before = series();
  for (const auto endpoint : app::engine_endpoints) {
    EXPECT_EQ(before.at("docksweep_engine_requests_total{endpoint=\"" + std::string(endpoint) + "\"}"), 0);
    EXPECT_EQ(before.at("docksweep_engine_request_failures_total{endpoint=\"" + std::string(endpoint) + "\"}"), 0);
  }
  for (const auto* kind : {"image", "container", "other"}) {
    EXPECT_EQ(before.at("docksweep_engine_events_total{kind=\"" + std::string(kind) + "\"}"), 0);
  }
  EXPECT_EQ(before.at(R"(docksweep_http_requests_total{code="200",handler="metrics"})"), 0);
  EXPECT_EQ(before.at(R"(docksweep_http_requests_total{code="503",handler="ready"})"), 0);
  EXPECT_EQ(before.at("docksweep_engine_request_duration_seconds_count"), 0);
  EXPECT_EQ(before.at("docksweep_state_durable"), 0);
  EXPECT_EQ(before.at("docksweep_enforcing"), 0);
}

TEST_F(telemetry_test, alerts_are_zero_from_the_start_and_counted_by_source_and_reason) {
  const auto before = series();
  for (const auto* source : {"webhook", "alertmanager"}) {
    for (const auto* status : {"firing", "resolved"}) {
      EXPECT_EQ(before.at("docksweep_alerts_received_total{source=\"" + std::string(source) + "\",status=\"" + status + "\"}"), 0);
    }
  }
  for (const auto* reason : {"auth", "malformed", "too_large", "unmatched", "other_node", "busy"}) {
    EXPECT_EQ(before.at("docksweep_alerts_rejected_total{reason=\"" + std::string(reason) + "\"}"), 0);
  }
  EXPECT_EQ(before.at("docksweep_alertmanager_requests_total"), 0);
  EXPECT_EQ(before.at("docksweep_alertmanager_request_failures_total"), 0);
  telemetry_.alert_received(core::alert_source::webhook, false);
  telemetry_.alert_rejected(app::alert_rejection::other_node);
  telemetry_.alertmanager_request(false);
  telemetry_.alertmanager_request(true);
  const auto after = series();
  EXPECT_EQ(after.at(R"(docksweep_alerts_received_total{source="webhook",status="resolved"})"), 1);
  EXPECT_EQ(after.at(R"(docksweep_alerts_received_total{source="webhook",status="firing"})"), 0);
  EXPECT_EQ(after.at(R"(docksweep_alerts_rejected_total{reason="other_node"})"), 1);
  EXPECT_EQ(after.at("docksweep_alertmanager_requests_total"), 2);
  EXPECT_EQ(after.at("docksweep_alertmanager_request_failures_total"), 1);
}

TEST_F(telemetry_test, a_webhook_that_is_refused_is_a_rejected_alert) {
  const std::pair<int, const char*> refusals[] = {{401, "auth"},      {403, "auth"},      {429, "auth"},
                                                  {400, "malformed"}, {413, "too_large"}, {503, "busy"}};
  for (const auto& [code, reason] : refusals) telemetry_.http_request("alerts", code);
  for (const int code : {200, 202}) telemetry_.http_request("alerts", code);
  telemetry_.http_request("reload", 401);
  const auto now = series();
  EXPECT_EQ(now.at(R"(docksweep_alerts_rejected_total{reason="auth"})"), 3);
  for (const auto* reason : {"malformed", "too_large", "busy"}) {
    EXPECT_EQ(now.at("docksweep_alerts_rejected_total{reason=\"" + std::string(reason) + "\"}"), 1);
  }
  EXPECT_EQ(now.at(R"(docksweep_http_requests_total{code="202",handler="alerts"})"), 1);
}

TEST_F(telemetry_test, failures_count_as_requests_too) {
  telemetry_.engine_request("images_list", 30ms, false);
  telemetry_.engine_request("images_list", 3s, true);
  const auto after = series();
  EXPECT_EQ(after.at(R"(docksweep_engine_requests_total{endpoint="images_list"})"), 2);
  EXPECT_EQ(after.at(R"(docksweep_engine_request_failures_total{endpoint="images_list"})"), 1);
  EXPECT_EQ(after.at(R"(docksweep_engine_request_duration_seconds_bucket{le="0.025"})"), 0);
  EXPECT_EQ(after.at(R"(docksweep_engine_request_duration_seconds_bucket{le="0.1"})"), 1);
  EXPECT_EQ(after.at(R"(docksweep_engine_request_duration_seconds_bucket{le="12.5"})"), 2);
  EXPECT_DOUBLE_EQ(after.at("docksweep_engine_request_duration_seconds_sum"), 3.03);
}

TEST_F(telemetry_test, an_event_stream_has_no_duration) {
  telemetry_.engine_request("events", 1h, true);
  EXPECT_EQ(series().at("docksweep_engine_request_duration_seconds_count"), 0);
  EXPECT_EQ(series().at(R"(docksweep_engine_request_failures_total{endpoint="events"})"), 1);
}

TEST_F(telemetry_test, counts_events_by_kind) {
  telemetry_.engine_event(core::event_kind::container);
  telemetry_.engine_event(core::event_kind::container);
  EXPECT_EQ(series().at(R"(docksweep_engine_events_total{kind="container"})"), 2);
  EXPECT_EQ(series().at(R"(docksweep_engine_events_total{kind="image"})"), 0);
}

TEST_F(telemetry_test, http_handlers_are_a_fixed_set) {
  telemetry_.http_request("metrics", 200);
  telemetry_.http_request("metrics", 500);        // an answer that nobody foresaw
  telemetry_.http_request("/etc/passwd", 404);
  telemetry_.http_request("/etc/shadow", 418);
  const auto after = series();
  EXPECT_EQ(after.at(R"(docksweep_http_requests_total{code="200",handler="metrics"})"), 1);
  EXPECT_EQ(after.at(R"(docksweep_http_requests_total{code="500",handler="metrics"})"), 1);
  EXPECT_EQ(after.at(R"(docksweep_http_requests_total{code="404",handler="other"})"), 1);
  EXPECT_EQ(after.at(R"(docksweep_http_requests_total{code="418",handler="other"})"), 1);
}

TEST_F(telemetry_test, a_refresh_is_remembered) {
  EXPECT_EQ(telemetry_.last_refresh(), std::nullopt);
  EXPECT_FALSE(series().contains("docksweep_inventory_refresh_duration_seconds"));
  telemetry_.refresh(250ms);
  EXPECT_EQ(telemetry_.last_refresh(), testing::sample_now());
  EXPECT_DOUBLE_EQ(series().at("docksweep_inventory_refresh_duration_seconds"), 0.25);
}

TEST_F(telemetry_test, a_bad_reload_keeps_the_old_configuration) {
  telemetry_.config_loaded("aaa", testing::sample_now());
  telemetry_.config_rejected();
  auto now = series();
  EXPECT_EQ(now.at(R"(docksweep_config_info{hash="aaa"})"), 1);
  EXPECT_EQ(now.at("docksweep_config_last_reload_successful"), 0);
  EXPECT_DOUBLE_EQ(now.at("docksweep_config_last_reload_success_timestamp_seconds"), 1795435200.25);
  telemetry_.config_loaded("bbb", testing::sample_now() + 10s);
  now = series();
  EXPECT_FALSE(now.contains(R"(docksweep_config_info{hash="aaa"})"));
  EXPECT_EQ(now.at(R"(docksweep_config_info{hash="bbb"})"), 1);
  EXPECT_EQ(now.at("docksweep_config_last_reload_successful"), 1);
  EXPECT_DOUBLE_EQ(now.at("docksweep_config_last_reload_success_timestamp_seconds"), 1795435210.25);
}

TEST_F(telemetry_test, says_which_build_and_mode_it_is) {
  telemetry_.set_enforcing(true);
  telemetry_.set_state_durable(true);
  const auto now = series();
  EXPECT_EQ(now.at(R"(docksweep_build_info{compiler="gcc 12.2.0",revision="unknown",version="0.1.0"})"), 1);
  EXPECT_EQ(now.at("docksweep_enforcing"), 1);
  EXPECT_EQ(now.at("docksweep_state_durable"), 1);
}

TEST(process, says_what_proc_says) {
  const auto started = series_of(process_families());
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_GT(started.at("process_cpu_seconds_total"), -1);
  EXPECT_GT(started.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(started.at("process_virtual_memory_bytes"), started.at("process_resident_memory_bytes"));
  EXPECT_NEAR(started.at("process_start_time_seconds"), now, 120);
  EXPECT_GE(started.at("process_max_fds"), started.at("process_open_fds"));
}

TEST(process, counts_open_descriptors) {
  const auto open = [] { return series_of(process_families()).at("process_open_fds"); };
  const auto before = open();
  int really = 0;
  for (int descriptor = 0; descriptor < 4096; ++descriptor) really += fcntl(descriptor, F_GETFD) == -1 ? 0 : 1;
  EXPECT_EQ(before, really);
  auto* file = std::fopen("/proc/self/stat", "r");
  EXPECT_EQ(open(), before + 1);
  std::fclose(file);
  EXPECT_EQ(open(), before);
}

}  // namespace
}  // namespace docksweep::report
