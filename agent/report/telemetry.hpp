// What the agent counts about itself and about alerts: app::telemetry and app::alert_telemetry on a prometheus::Registry. Every known label value is exported as
// 0 from the start; histograms have few buckets and no endpoint label (METRICS.md keeps a node below 400 series). May
// be called from any thread, except config_loaded, which belongs to the thread that calls families().
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/alert_telemetry.hpp"
#include "app/telemetry.hpp"
#include "core/inventory.hpp"

namespace docksweep::report {

// The labels of docksweep_build_info.
struct build_facts {
  std::string version;   // "0.1.0"
  std::string revision;  // "unknown" outside of git
  std::string compiler;  // "clang 19.1.7"
};

// One answer that the web server is known to give: a series of docksweep_http_requests_total from the start.
struct http_answer {
  std::string_view handler;
  int code;
};

// Handlers are a fixed set; a handler that is not in it counts as "other".
inline constexpr http_answer known_http_answers[] = {
    {"metrics", 200},   {"healthy", 200},   {"ready", 200},     {"ready", 503},     {"reload", 200}, {"reload", 401},
    {"reload", 403},    {"reload", 405},    {"reload", 500},    {"index", 200},     {"index", 401},  {"index", 403},
    {"inventory", 200}, {"inventory", 401}, {"inventory", 403}, {"inventory", 503}, {"plan", 200},   {"plan", 401},
    {"plan", 403},      {"plan", 404},      {"plan", 503},      {"history", 200},   {"history", 401}, {"history", 403},
    {"history", 503},   {"alerts", 200},    {"alerts", 202}, {"alerts", 400}, {"alerts", 401},  {"alerts", 403},
    {"alerts", 413},    {"alerts", 503},    {"sweep", 200},     {"sweep", 202},    {"sweep", 401}, {"sweep", 403},
    {"sweep", 404},     {"sweep", 409},     {"sweep", 503},     {"sweeps", 200},   {"sweeps", 404}, {"sweeps", 503},
    {"other", 400},     {"other", 404},     {"other", 405},     {"other", 408},  {"other", 413},
    {"other", 414},     {"other", 417},     {"other", 431},     {"other", 505},
    // Credentials that are wrong, and wrong too often.
    {"metrics", 401},   {"metrics", 429},   {"index", 429},     {"inventory", 429}, {"plan", 429}, {"history", 429},
    {"reload", 429},    {"alerts", 429},    {"sweep", 429}};

class prometheus_telemetry final : public app::telemetry, public app::alert_telemetry {
 public:
  // `now` is asked when a refresh ends; std::chrono::system_clock::now outside of tests.
  explicit prometheus_telemetry(build_facts build, std::function<core::instant()> now = std::chrono::system_clock::now);
  ~prometheus_telemetry() override;

  void engine_request(std::string_view endpoint, std::chrono::nanoseconds took, bool failed) override;
  void engine_event(core::event_kind kind) override;
  void refresh(std::chrono::nanoseconds took) override;
  // A webhook that is refused counts as a rejection, too: who is not let in never comes to the handler.
  void http_request(std::string_view handler, int code) override;

  void alert_received(core::alert_source source, bool firing) override;
  void alert_rejected(app::alert_rejection why) override;
  void alertmanager_request(bool failed) override;

  // The configuration in force; the first load counts as a successful reload, as in Prometheus itself.
  void config_loaded(std::string hash, core::instant when);
  void config_rejected();              // a reload failed; the old configuration stays in force
  void set_enforcing(bool enforcing);  // mode = "enforce"
  void set_state_durable(bool durable);

  // When the last refresh ended, for docksweep_inventory_last_success_timestamp_seconds; std::nullopt before the first.
  std::optional<core::instant> last_refresh() const;

  // Everything above as families (process_* excepted: process_families, which the textfile collector must not see).
  std::vector<prometheus::MetricFamily> families() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::report
