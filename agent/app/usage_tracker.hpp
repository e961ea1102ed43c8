// Keeps the books of use (core/usage.hpp) true over time: views and events in, batches to the history out. Also tells
// what images came back that we removed (regret), what a plan would have removed and was used again (shadow regret),
// and what somebody else removed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "app/clock_jumps.hpp"
#include "app/history.hpp"
#include "app/log.hpp"
#include "app/sweep_telemetry.hpp"
#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::app {

struct usage_options {
  std::chrono::milliseconds save_every = std::chrono::seconds(5);     // changes are saved together, this late at most
  std::chrono::milliseconds regret_within = std::chrono::hours(24);   // METRICS.md: a pull within a day
  std::chrono::milliseconds regret_settle = std::chrono::seconds(3);  // before a return or a removal is judged
  std::chrono::milliseconds look = std::chrono::seconds(1);           // at the clocks
  std::chrono::milliseconds retry_least = std::chrono::seconds(1);    // after loading or saving failed
  std::chrono::milliseconds retry_most = std::chrono::minutes(1);
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
  // As it is now: looks at the clocks first, and at what events told. Read `now` before this, not after: a jump of the
  // clock between the two is then harmless.
  const core::node_usage& usage() const;
  // Grows with every change of the books that a reader may see (a use, an arrival).
  std::uint64_t revision() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::app
