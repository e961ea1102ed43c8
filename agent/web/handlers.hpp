// What the agent serves: /metrics, the probes, reload, the page, the inventory, plans, the record of sweeps, webhooks
// of Alertmanager, and sweeps by request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/alert.hpp"
#include "core/failure.hpp"
#include "core/inventory.hpp"
#include "report/negotiation.hpp"
#include "web/page.hpp"
#include "web/routes.hpp"

namespace docksweep::web {

// What GET /api/v1/history asks for.
struct history_request {
  std::optional<core::instant> since;
  std::string policy;      // empty: any
  std::size_t limit = 50;  // sweeps, newest first
};

// What became of one alert of a webhook.
struct alert_answer {
  std::string result;                 // "queued", "cooling_down", "duplicate", "resolved", "other_node", "unmatched"
  std::vector<std::string> policies;  // that it concerns
};

// What POST /api/v1/sweep came to.
struct sweep_answer {
  enum class kind {
    begun,     // 202: `id` is on record, and it runs
    plan,      // 200: `plan` is what it would do, or there is nothing to do
    observe,   // 409: `plan` is what it would do if its mode were enforce
    unknown,   // 404: `message` names the policies that there are
    conflict,  // 409: another sweep runs, removals are paused
    not_now,   // 503: the engine is down, the view is old
  };
  kind what = kind::not_now;
  std::int64_t id = 0;
  std::string plan;     // JSON
  std::string message;  // for people
};

// Where the content comes from; whoever puts the agent together fills in all of it. Everything is called on the
// server's thread; `reload`, `page`, `plan` and `history` may wait, the others answer at once.
struct content_source {
  // The exposition as it is now, compressed with gzip or not; never null. /metrics copies nothing of it.
  std::function<std::shared_ptr<const std::string>(report::exposition_format format, bool gzip)> metrics;
  // Why the agent is not ready, for people; empty once there is a complete view.
  std::function<std::string()> not_ready;
  // Reads the configuration again; a failure's message becomes the answer. The server may be reloaded from in here.
  std::function<task<core::result<void>>()> reload;
  // The inventory as JSON; null while there is no view.
  std::function<std::shared_ptr<const std::string>()> inventory;
  // The figures of the page: with the verdicts of the policy that is asked for.
  std::function<task<page_figures>(page_request asked)> page;
  // What a policy would remove now, as JSON; without a name what is unused. A policy that does not exist is
  // failure_code::not_found, whose message names those that do; every other failure means "not now" (503).
  std::function<task<core::result<std::string>>(std::string policy)> plan;
  // The record of sweeps, as JSON; a failure means "not now".
  std::function<task<core::result<std::string>>(history_request what)> history;
  // Takes these alerts: an answer for each, in their order. A failure means "not now" (503): nothing was taken.
  std::function<task<core::result<std::vector<alert_answer>>>(core::alert_batch batch)> alerts;
  // Sweeps by this policy now; with `dry_run` only says what that would do.
  std::function<task<sweep_answer>(std::string policy, bool dry_run, std::string actor)> sweep;
  // One sweep of the record with its removals, as JSON; failure_code::not_found: there is none of this number.
  std::function<task<core::result<std::string>>(std::int64_t id)> one_sweep;
};

// Handler names for docksweep_http_requests_total: metrics, healthy, ready, reload, index, inventory, plan, history,
// alerts, sweep, sweeps
// ("other" besides).
std::vector<route> make_routes(content_source source);

// A document for programs: compressed when the request allows it, never cached.
response json_response(const request& what, std::shared_ptr<const std::string> body);

// That document, or why there is none: a 404 for failure_code::not_found, else a 503.
response answer_with(const request& what, core::result<std::string> made);

// POST /api/v1/alerts (alert_handlers.cpp).
void add_alert_routes(std::vector<route>& routes, std::shared_ptr<const content_source> source);
// POST /api/v1/sweep and GET /api/v1/sweeps/ID (sweep_handlers.cpp).
void add_sweep_routes(std::vector<route>& routes, std::shared_ptr<const content_source> source);

// The parameters of a query, each at most once and each known; else the 400 that says so. A misspelt parameter that was
// ignored would answer another question than the one asked.
std::expected<header_list, response> parameters(const request& what, std::initializer_list<std::string_view> known);
std::string value_of(const header_list& all, std::string_view name);  // empty: not given

// GET /api/v1/plan and /api/v1/history (record_handlers.cpp), for make_routes.
void add_record_routes(std::vector<route>& routes, std::shared_ptr<const content_source> source);

}  // namespace docksweep::web
