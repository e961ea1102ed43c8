// Counters are looked up in small tables of our own: prometheus-cpp's Family::Add hashes a map of strings on each call.
#include "report/telemetry.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "report/families.hpp"

namespace docksweep::report {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

Family<Counter>& counter_family(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Gauge& gauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

// No bound is a whole number: the two formats would spell it differently ("2" and "2.0"), and so make two series of it.
const Histogram::BucketBoundaries request_seconds = {0.005, 0.025, 0.1, 0.5, 2.5, 12.5};

double seconds(std::chrono::nanoseconds took) { return std::chrono::duration<double>(took).count(); }

// Why a webhook that got this answer started nothing.
std::optional<app::alert_rejection> rejection_of(std::string_view handler, int code) {
  using enum app::alert_rejection;
  if (handler != "alerts") return std::nullopt;
  switch (code) {
    case 401:
    case 403:
    case 429:
      return auth;
    case 400:
    case 411:
      return malformed;
    case 413:
      return too_large;
    case 503:
      return busy;
    default:
      return std::nullopt;
  }
}

// A counter family whose series are found by one text and one number, without hashing.
class counter_table {
 public:
  struct row {
    std::string_view name;  // a literal, or text that lives as long as the program
    int number = 0;
    Counter* counter = nullptr;
  };

  Counter* find(std::string_view name, int number = 0) const {
    const auto at = std::ranges::find_if(rows_, [&](const row& r) { return r.number == number && r.name == name; });
    return at == rows_.end() ? nullptr : at->counter;
  }
  Counter& add(std::string_view name, int number, Counter& counter) {
    rows_.push_back({name, number, &counter});
    return counter;
  }

 private:
  std::vector<row> rows_;
};

}  // namespace

struct prometheus_telemetry::impl {
  build_facts build;
  std::function<core::instant()> now;
  Registry registry;
  Family<Counter>& http_family;
  Histogram& request_duration;
  Counter& alertmanager_requests;
  Counter& alertmanager_failures;
  Family<Gauge>& refresh_family;
  Gauge& reload_successful;
  Family<Gauge>& reload_time_family;
  Gauge& enforcing;
  Gauge& state_durable;
  counter_table requests, failures, events;
  counter_table alerts, rejections;  // by source and whether it fires; by reason
  std::mutex http_guard;  // http grows when an answer is given that is not among the known ones
  counter_table http;
  std::vector<std::string_view> handlers;
  std::atomic<core::instant::rep> last_refresh{0};  // 0: never
  std::string config_hash;

  impl(build_facts facts, std::function<core::instant()> clock)
      : build(std::move(facts)),
        now(std::move(clock)),
        http_family(counter_family(registry, "docksweep_http_requests_total",
                                   "HTTP requests answered, by handler and status code.")),
        request_duration(prometheus::BuildHistogram()
                             .Name("docksweep_engine_request_duration_seconds")
                             .Help("Time that requests to the engine took, all endpoints but the event stream.")
                             .Register(registry)
                             .Add({}, request_seconds)),
        alertmanager_requests(
            counter_family(registry, "docksweep_alertmanager_requests_total", "Requests sent to Alertmanagers.").Add({})),
        alertmanager_failures(counter_family(registry, "docksweep_alertmanager_request_failures_total",
                                             "Requests to Alertmanagers that got no answer, or one of no use.")
                                  .Add({})),
        refresh_family(
            prometheus::BuildGauge()
                .Name("docksweep_inventory_refresh_duration_seconds")
                .Help("Time that the last complete listing took, from the first request to the finished view.")
                .Register(registry)),
        reload_successful(gauge(registry, "docksweep_config_last_reload_successful",
                                "Whether the last attempt to load the configuration succeeded.")),
        reload_time_family(prometheus::BuildGauge()
                               .Name("docksweep_config_last_reload_success_timestamp_seconds")
                               .Help("When the configuration in force was loaded.")
                               .Register(registry)),
        enforcing(gauge(registry, "docksweep_enforcing",
                        "1 when mode is enforce; 0 in observe mode, where every trigger plans and nothing is removed.")),
        state_durable(
            gauge(registry, "docksweep_state_durable",
                  "1 when what the agent remembers survives its restart; 0 when it has no writable state path.")) {
    add_engine_counters();
    add_alert_counters();
    for (const auto& answer : known_http_answers) {
      add_http(answer.handler, answer.code);
      if (std::ranges::find(handlers, answer.handler) == handlers.end()) handlers.push_back(answer.handler);
    }
  }

  void add_alert_counters() {
    auto& received = counter_family(registry, "docksweep_alerts_received_total",
                                    "Alerts told of by a webhook, each time, or found by asking Alertmanager, when they "
                                    "came and when they went.");
    for (const auto source : core::all_alert_sources) {
      const auto name = core::to_string(source);
      for (const bool firing : {true, false}) {
        alerts.add(name, firing ? 1 : 0,
                   received.Add({{"source", std::string(name)}, {"status", firing ? "firing" : "resolved"}}));
      }
    }
    auto& refused = counter_family(registry, "docksweep_alerts_rejected_total",
                                   "Webhooks refused (auth, malformed, too_large, busy), and alerts that no policy wants "
                                   "(unmatched) or that are about another node (other_node).");
    for (const auto why : app::all_alert_rejections) {
      rejections.add(app::to_string(why), 0, refused.Add({{"reason", std::string(app::to_string(why))}}));
    }
  }

  void add_engine_counters() {
    auto& all =
        counter_family(registry, "docksweep_engine_requests_total", "Requests sent to the engine, by endpoint.");
    auto& failed = counter_family(registry, "docksweep_engine_request_failures_total",
                                  "Requests to the engine that got no answer, or an error other than 404 and 409.");
    for (const auto endpoint : app::engine_endpoints) {
      requests.add(endpoint, 0, all.Add({{"endpoint", std::string(endpoint)}}));
      failures.add(endpoint, 0, failed.Add({{"endpoint", std::string(endpoint)}}));
    }
    auto& read = counter_family(registry, "docksweep_engine_events_total",
                                "Events read from the engine, by what they are about.");
    for (const auto kind : {core::event_kind::image, core::event_kind::container, core::event_kind::other}) {
      const auto name = core::to_string(kind);
      events.add(name, 0, read.Add({{"kind", std::string(name)}}));
    }
  }

  Counter& add_http(std::string_view handler, int code) {
    return http.add(handler, code,
                    http_family.Add({{"handler", std::string(handler)}, {"code", std::to_string(code)}}));
  }
};

prometheus_telemetry::prometheus_telemetry(build_facts build, std::function<core::instant()> now)
    : impl_(std::make_unique<impl>(std::move(build), std::move(now))) {}

prometheus_telemetry::~prometheus_telemetry() = default;

void prometheus_telemetry::engine_request(std::string_view endpoint, std::chrono::nanoseconds took, bool failed) {
  // How long an event stream lived says nothing about the engine's speed.
  if (endpoint != "events") impl_->request_duration.Observe(seconds(took));
  if (auto* counter = impl_->requests.find(endpoint)) counter->Increment();
  if (!failed) return;
  if (auto* counter = impl_->failures.find(endpoint)) counter->Increment();
}

void prometheus_telemetry::engine_event(core::event_kind kind) {
  if (auto* counter = impl_->events.find(core::to_string(kind))) counter->Increment();
}

void prometheus_telemetry::refresh(std::chrono::nanoseconds took) {
  impl_->refresh_family.Add({}).Set(seconds(took));
  impl_->last_refresh = impl_->now().time_since_epoch().count();
}

void prometheus_telemetry::alert_received(core::alert_source source, bool firing) {
  if (auto* counter = impl_->alerts.find(core::to_string(source), firing ? 1 : 0)) counter->Increment();
}

void prometheus_telemetry::alert_rejected(app::alert_rejection why) {
  if (auto* counter = impl_->rejections.find(app::to_string(why))) counter->Increment();
}

void prometheus_telemetry::alertmanager_request(bool failed) {
  impl_->alertmanager_requests.Increment();
  if (failed) impl_->alertmanager_failures.Increment();
}

void prometheus_telemetry::http_request(std::string_view handler, int code) {
  if (const auto why = rejection_of(handler, code)) alert_rejected(*why);
  const std::lock_guard guard(impl_->http_guard);
  if (auto* counter = impl_->http.find(handler, code)) return counter->Increment();
  const auto known = std::ranges::find(impl_->handlers, handler);
  const std::string_view name = known == impl_->handlers.end() ? "other" : *known;
  auto* counter = impl_->http.find(name, code);
  (counter ? *counter : impl_->add_http(name, code)).Increment();
}

void prometheus_telemetry::config_loaded(std::string hash, core::instant when) {
  impl_->config_hash = std::move(hash);
  impl_->reload_successful.Set(1);
  impl_->reload_time_family.Add({}).Set(unix_seconds(when));
}

void prometheus_telemetry::config_rejected() { impl_->reload_successful.Set(0); }

void prometheus_telemetry::set_enforcing(bool enforcing) { impl_->enforcing.Set(enforcing ? 1 : 0); }

void prometheus_telemetry::set_state_durable(bool durable) { impl_->state_durable.Set(durable ? 1 : 0); }

std::optional<core::instant> prometheus_telemetry::last_refresh() const {
  const auto count = impl_->last_refresh.load();
  if (count == 0) return std::nullopt;
  return core::instant(core::instant::duration(count));
}

std::vector<prometheus::MetricFamily> prometheus_telemetry::families() const {
  auto out = impl_->registry.Collect();
  out.push_back(info_gauge(
      "docksweep_build_info", "The running build.",
      {{"compiler", impl_->build.compiler}, {"revision", impl_->build.revision}, {"version", impl_->build.version}}));
  // Not in the registry: removing the series of an old hash there leaves dangling references (prometheus-cpp 1.0).
  if (!impl_->config_hash.empty()) {
    out.push_back(info_gauge("docksweep_config_info",
                             "Hash of the effective configuration: differs where a fleet has drifted.",
                             {{"hash", impl_->config_hash}}));
  }
  return out;
}

}  // namespace docksweep::report
