// Keeps a fresh view of the node: one full listing at the start and every `resync`, engine events in between.
// An event refreshes the object that it names and nothing else. Everything here runs on the one thread of the executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "app/engine.hpp"
#include "app/log.hpp"
#include "app/pulse.hpp"
#include "app/store.hpp"
#include "app/telemetry.hpp"
#include "core/view.hpp"

namespace docksweep::app {

struct watcher_options {
  std::chrono::milliseconds resync = std::chrono::minutes(5);
  std::chrono::milliseconds disk_usage = std::chrono::minutes(15);
  std::chrono::milliseconds check_answers = std::chrono::seconds(15);  // METRICS.md: engine_up
  std::chrono::milliseconds check_lists = std::chrono::minutes(1);
  std::chrono::milliseconds check_deadline =
      std::chrono::seconds(6);  // the port's own is 5 s; this one holds in any case
  std::chrono::milliseconds settle_events = std::chrono::milliseconds(50);  // events this close are handled together
  std::size_t burst = 40;              // more objects than this waiting: one listing instead
  std::size_t parallel_refreshes = 2;  // single objects looked at at once
  std::size_t parallel_details = 4;    // inspect+history pairs in flight
  double listing_share = 0.10;         // listings take at most this share of wall time
  std::chrono::milliseconds reconnect_least = std::chrono::milliseconds(250);
  std::chrono::milliseconds reconnect_most = std::chrono::seconds(15);
};

// Who wants to know at once what the watcher learns. Called on its thread; must not wait. Each may be unset.
struct watcher_hooks {
  std::function<void(const core::engine_identity&)> on_engine;     // found, or found again: before its views
  std::function<void(const core::engine_event&)> on_event;         // each one, before the view shows what it did
  std::function<void(std::shared_ptr<const core::view>)> on_view;  // each new one, when current() has it
};

class watcher {
 public:
  // All references have to outlive the watcher.
  watcher(boost::asio::any_io_executor executor, engine& source, store& memory, telemetry& counts, log_sink& log,
          watcher_options options);
  ~watcher();

  // Before run(). What the hooks refer to outlives the run.
  void tell(watcher_hooks hooks);

  // Runs until cancelled, then returns; once only. Whatever the engine does ends nothing here.
  task<void> run();

  // The newest view; null before the first complete listing, and when the engine has not answered for three resyncs.
  std::shared_ptr<const core::view> current() const;
  const engine_health& health() const;
  // Whether the newest view has been complete in its details once: those of each image were read, or could not be. Until
  // then images look unreadable that are not, and nobody should decide by them.
  bool details_known() const;
  // Who was found last (known before the first view is); id is empty before anybody was.
  const core::engine_identity& engine_found() const;
  // Grows with every change of current() or health(): readers compare it to know whether to render again.
  std::uint64_t revision() const;
  // How long the newest complete view took, from the start of its listing
  // (docksweep_inventory_refresh_duration_seconds); zero before the first.
  std::chrono::nanoseconds last_refresh() const;
  // When the listing began that the newest view stands on: what was removed before is in it no more. nullopt: no view.
  std::optional<std::chrono::steady_clock::time_point> listed_since() const;
  // Takes over other intervals without dropping the view.
  void set_intervals(std::chrono::milliseconds resync, std::chrono::milliseconds disk_usage);
  // Asks for a full listing as soon as the listing share allows (SIGHUP, tests).
  void request_resync();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::app
