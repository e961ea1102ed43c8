// GET /events → core::engine_event.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/inventory.hpp"

namespace docksweep::engine {

// Reads JSON objects back to back, with or without line ends between them, in the shapes of all API versions (before
// 1.52 status/id/from repeat what Action and Actor say) and of Podman ("remove" of a container is "destroy" here).
// An object beyond the limit is skipped; after text that is no JSON it goes on with the next line.
class event_decoder {
 public:
  static constexpr std::size_t object_limit_bytes = 1 << 20;

  explicit event_decoder(std::function<void(const core::engine_event&)> on_event);
  ~event_decoder();
  void feed(std::string_view piece);
  std::size_t skipped() const;  // objects or lines that could not be read

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::engine
