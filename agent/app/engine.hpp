// The port to a container engine, in the words of the job. A Docker adapter (engine/) implements it; tests use fakes;
// a CRI adapter is to stand beside the Docker one later.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/failure.hpp"
#include "core/inventory.hpp"

namespace docksweep::app {

template <typename T>
using task = boost::asio::awaitable<T>;

// Filters of a listing, in the engine's own language (`docker images --filter`): {"dangling","true"},
// {"reference","*m*"}.
using engine_filters = std::vector<std::pair<std::string, std::string>>;

// Every call has a deadline of its own and never throws for what the engine does; cancellation of the awaiting
// coroutine ends the call with failure_code::cancelled (or the asio exception of a cancelled coroutine).
class engine {
 public:
  virtual ~engine() = default;

  // Negotiates the API version and asks who answers (/_ping, /version, /info).
  virtual task<core::result<core::engine_identity>> identify() = 0;

  // Health beyond a ping (an engine whose /_ping answers may hang elsewhere): GET /version within 5 s.
  virtual task<core::result<void>> check_answers() = 0;
  // The second health check: a listing of one object (containers, limit=1), within 5 s.
  virtual task<core::result<void>> check_lists() = 0;

  // All images (all=1 unless filters are given), intermediate ones included.
  virtual task<core::result<core::listing<core::image>>> list_images(engine_filters filters) = 0;
  // One image as it is now, by ID or reference; std::nullopt: it is gone (404).
  // `size` is what a listing would say; on the containerd store std::nullopt if that would cost a whole listing.
  virtual task<core::result<std::optional<core::image>>> find_image(std::string name) = 0;
  // Inspect and history of an image ID: immutable. `listed_size` is not filled in.
  virtual task<core::result<core::image_details>> image_details(std::string id) = 0;

  // All containers, stopped ones too. `with_sizes` makes the engine walk writable layers: slow, for `df` only.
  virtual task<core::result<core::listing<core::container>>> list_containers(engine_filters filters,
                                                                             bool with_sizes) = 0;
  // One container as a listing would show it, by full ID; std::nullopt: it is gone.
  virtual task<core::result<std::optional<core::container>>> find_container(std::string id) = 0;

  // GET /system/df, everything. Slow: seconds to minutes; one at a time (20.10 answers 500 otherwise).
  virtual task<core::result<core::disk_usage>> disk_usage() = 0;

  // Reads events from now on and hands each to `on_event` until the stream ends; `on_open` is called once, when the
  // engine has accepted the subscription (what happens after that is not lost). Returns why it ended; never succeeds
  // "for good". Cancel to stop.
  virtual task<core::failure> follow_events(std::function<void()> on_open,
                                            std::function<void(const core::engine_event&)> on_event) = 0;
};

}  // namespace docksweep::app
