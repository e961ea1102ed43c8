// Telemetry that remembers what it was told.
#pragma once

#include <map>
#include <string>

#include "app/telemetry.hpp"

namespace docksweep::test {

class counting_telemetry final : public app::telemetry {
 public:
  void engine_request(std::string_view endpoint, std::chrono::nanoseconds took, bool failed) override {
    ++requests[std::string(endpoint)];
    if (failed) ++failures[std::string(endpoint)];
    took_longest = std::max(took_longest, took);
  }
  void engine_event(core::event_kind) override {}
  void refresh(std::chrono::nanoseconds) override {}
  void http_request(std::string_view, int) override {}

  std::map<std::string, int> requests, failures;
  std::chrono::nanoseconds took_longest{0};
};

}  // namespace docksweep::test
