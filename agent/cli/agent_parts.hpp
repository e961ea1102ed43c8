// What agent.cpp, agent_content.cpp and agent_reload.cpp share and nobody else needs.
#pragma once

#include "app/watcher.hpp"
#include "cli/agent.hpp"

namespace docksweep::cli {

// One engine and its watcher: replaced as a whole when [engine] or [inventory] changes.
struct agent::engine_side {
  engine_side(const boost::asio::any_io_executor& executor, chosen_engine made, app::store& memory,
              app::telemetry& counts, app::log_sink& log, app::watcher_options options)
      : chosen(std::move(made)), watcher(executor, *chosen.engine, memory, counts, log, options) {}

  chosen_engine chosen;
  app::watcher watcher;
};

inline constexpr std::chrono::seconds disks_interval{10};  // between two looks at the watched file systems

// The agent's own counters and this process' figures.
std::vector<prometheus::MetricFamily> own_families(const report::prometheus_telemetry& counts);

// Policies are read and checked, but nothing here removes anything yet: said once, so that nobody waits for it.
void say_what_this_version_leaves_out(const config::settings& settings, app::log_sink& log);

}  // namespace docksweep::cli
