// Keeps the books of use (core/usage.hpp) true over time: views and events in, batches to the history out. Also tells
// what images came back that we removed (regret), what a plan would have removed and was used again (shadow regret),
// and what somebody else removed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "app/history.hpp"
#include "app/log.hpp"
#include "app/sweep_telemetry.hpp"
#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::app {

// Wall clock and boot clock; tests hand in their own.
struct clocks {
  std::function<core::instant()> wall = std::chrono::system_clock::now;
  std::function<std::chrono::nanoseconds()> boot;  // CLOCK_BOOTTIME; unset: the real one
  std::string boot_id;                             // /proc/sys/kernel/random/boot_id; empty: unknown
};

struct usage_options {
  std::chrono::milliseconds save_every = std::chrono::seconds(5);    // changes are saved together, this late at most
  std::chrono::milliseconds regret_within = std::chrono::hours(24);  // METRICS.md: a pull within a day
};

class usage_tracker {
 public:
  // All references outlive the tracker.
  usage_tracker(boost::asio::any_io_executor executor, history& memory, sweep_telemetry& counts, log_sink& log,
                clocks time = {}, usage_options options = {});
  ~usage_tracker();

  // Loads what is kept for this engine, then saves changes until cancelled; saves the last ones before it ends by
  // `flush`. Until it has loaded, ready() is false and nothing may be planned from usage().
  task<void> run();
  task<void> flush();

  // Another engine was found (or the same one again): the books are those of this ID from now on.
  void follow(std::string engine_id);
  // Every event, before the view shows what it did.
  void on_event(const core::engine_event& event);
  // Every new view.
  void on_view(std::shared_ptr<const core::view> node);

  bool ready() const;
  const core::node_usage& usage() const;
  // Grows with every change of the books that a reader may see (a use, an arrival).
  std::uint64_t revision() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::app
