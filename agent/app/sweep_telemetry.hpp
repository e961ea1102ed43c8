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
std::string_view to_string(skip_reason why);

// Label values of docksweep_removal_failures_total{reason}.
enum class removal_failure { conflict, engine, timeout };
std::string_view to_string(removal_failure why);

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
};

}  // namespace docksweep::app
