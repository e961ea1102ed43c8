// What agent.cpp, agent_content.cpp and agent_reload.cpp share and nobody else needs.
#pragma once

#include "app/sweeper.hpp"
#include "app/triggers.hpp"
#include "app/usage_tracker.hpp"
#include "app/watcher.hpp"
#include "cli/agent.hpp"

namespace docksweep::cli {

// One engine and all that belongs to it: replaced as a whole when [engine] changes.
struct agent::engine_side {
  engine_side(const boost::asio::any_io_executor& executor, chosen_engine made, const agent_parts& parts,
              const config::settings& settings, std::function<std::vector<std::string>()> watched_paths);

  chosen_engine chosen;
  app::watcher watcher;
  app::usage_tracker usage;
  app::sweeper sweeps;
  app::triggers triggers;
};

app::trigger_options trigger_options_of(const config::settings& settings);
std::vector<std::string> policy_names(const config::settings& settings);

inline constexpr std::chrono::seconds disks_interval{10};  // the most that a shown figure of a disk is old
inline constexpr std::chrono::seconds removal_patience{
    65};  // at the end, for the removal in hand: the sweeper waits 60 s, and writes down how it went

// The agent's own counters and this process' figures.
std::vector<prometheus::MetricFamily> own_families(const report::prometheus_telemetry& counts,
                                                   const report::sweep_counts& sweeps);

}  // namespace docksweep::cli
