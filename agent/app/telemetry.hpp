// The port for what the agent counts about itself. report/ implements it with prometheus-cpp.
// Known label values exist as 0 from the start; endpoints, handlers and codes are fixed sets.
#pragma once

#include <chrono>
#include <string_view>

#include "core/inventory.hpp"

namespace docksweep::app {

class telemetry {
 public:
  virtual ~telemetry() = default;
  // endpoint: one of engine_endpoints (below); failed: no answer, or an answer that is an error (404 and 409 are
  // facts).
  virtual void engine_request(std::string_view endpoint, std::chrono::nanoseconds took, bool failed) = 0;
  virtual void engine_event(core::event_kind kind) = 0;
  virtual void refresh(std::chrono::nanoseconds took) = 0;  // one complete listing turned into a view
  virtual void http_request(std::string_view handler, int code) = 0;
};

// The label values of docksweep_engine_requests_total{endpoint}.
inline constexpr std::string_view engine_endpoints[] = {"ping",
                                                        "version",
                                                        "info",
                                                        "images_list",
                                                        "image_inspect",
                                                        "image_history",
                                                        "image_remove",
                                                        "containers_list",
                                                        "container_inspect",
                                                        "container_remove",
                                                        "system_df",
                                                        "events",
                                                        "volumes_remove",
                                                        "build_prune",
                                                        "image_pull",
                                                        "image_save",
                                                        "image_load",
                                                        "image_tag",
                                                        "distribution"};

}  // namespace docksweep::app
