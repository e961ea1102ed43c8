// What the agent serves: /metrics, the probes, reload, the page and the inventory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/failure.hpp"
#include "report/negotiation.hpp"
#include "web/page.hpp"
#include "web/routes.hpp"

namespace docksweep::web {

// Where the content comes from; whoever puts the agent together fills in all of it. Everything is called on the
// server's thread and answers at once, `reload` excepted.
struct content_source {
  // The exposition as it is now, compressed with gzip or not; never null. /metrics copies nothing of it.
  std::function<std::shared_ptr<const std::string>(report::exposition_format format, bool gzip)> metrics;
  // Why the agent is not ready, for people; empty once there is a complete view.
  std::function<std::string()> not_ready;
  // Reads the configuration again; a failure's message becomes the answer. The server may be reloaded from in here.
  std::function<task<core::result<void>>()> reload;
  // The inventory as JSON; null while there is no view.
  std::function<std::shared_ptr<const std::string>()> inventory;
  std::function<page_figures()> page;
};

// Handler names for docksweep_http_requests_total: metrics, healthy, ready, reload, index, inventory ("other" besides).
std::vector<route> make_routes(content_source source);

}  // namespace docksweep::web
