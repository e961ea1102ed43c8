// What the agent serves: /metrics, the probes, reload, the page, the inventory, plans and the record of sweeps.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
};

// Handler names for docksweep_http_requests_total: metrics, healthy, ready, reload, index, inventory, plan, history
// ("other" besides).
std::vector<route> make_routes(content_source source);

// A document for programs: compressed when the request allows it, never cached.
response json_response(const request& what, std::shared_ptr<const std::string> body);

// GET /api/v1/plan and /api/v1/history (record_handlers.cpp), for make_routes.
void add_record_routes(std::vector<route>& routes, std::shared_ptr<const content_source> source);

}  // namespace docksweep::web
