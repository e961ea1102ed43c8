// The port for what is counted about triggers and sweeps (METRICS.md). report/ implements it beside app::telemetry.
#pragma once

#include <chrono>
#include <string_view>

#include "core/history.hpp"

namespace docksweep::app {

// Label values of docksweep_sweeps_skipped_total{reason}.
enum class skip_reason {
  cooldown,
  running,
  engine_down,
  engine_slow,
  stale_inventory,
  nothing_to_do,
  observe,
  paused,
  window,
  settling,
};
inline constexpr skip_reason all_skip_reasons[] = {
    skip_reason::cooldown,        skip_reason::running,       skip_reason::engine_down, skip_reason::engine_slow,
    skip_reason::stale_inventory, skip_reason::nothing_to_do, skip_reason::observe,     skip_reason::paused,
    skip_reason::window,          skip_reason::settling};
// Here and not in a .cpp: report/ knows this header and nothing else of app/.
constexpr std::string_view to_string(skip_reason why) {
  switch (why) {
    case skip_reason::cooldown: return "cooldown";
    case skip_reason::running: return "running";
    case skip_reason::engine_down: return "engine_down";
    case skip_reason::engine_slow: return "engine_slow";
    case skip_reason::stale_inventory: return "stale_inventory";
    case skip_reason::nothing_to_do: return "nothing_to_do";
    case skip_reason::observe: return "observe";
    case skip_reason::paused: return "paused";
    case skip_reason::window: return "window";
    case skip_reason::settling: return "settling";
  }
  return "unknown";
}

// Label values of docksweep_removal_failures_total{reason}.
enum class removal_failure { conflict, engine, timeout };
inline constexpr removal_failure all_removal_failures[] = {removal_failure::conflict, removal_failure::engine,
                                                           removal_failure::timeout};
constexpr std::string_view to_string(removal_failure why) {
  switch (why) {
    case removal_failure::conflict: return "conflict";
    case removal_failure::engine: return "engine";
    case removal_failure::timeout: return "timeout";
  }
  return "unknown";
}

class sweep_telemetry {
 public:
  virtual ~sweep_telemetry() = default;
  virtual void sweep_began(std::string_view policy, core::sweep_trigger trigger) = 0;
  // Counts the sweep, and as failure, missed target, last success by its outcome.
  virtual void sweep_ended(const core::sweep_record& sweep, std::chrono::nanoseconds took) = 0;
  virtual void sweep_skipped(std::string_view policy, skip_reason why) = 0;  // once per occasion, not per poll
  virtual void schedule_missed(std::string_view policy) = 0;
  virtual void removed(std::string_view policy, core::target_kind kind) = 0;
  virtual void removal_failed(removal_failure why) = 0;
  virtual void bytes(core::target_kind kind, core::byte_count predicted, core::byte_count freed) = 0;
  virtual void regret(std::string_view policy, core::byte_count bytes) = 0;
  virtual void shadow_regret(std::string_view policy) = 0;
  virtual void foreign_removal(std::int64_t count) = 0;
  virtual void restored(std::int64_t count) = 0;  // images
};

}  // namespace docksweep::app
