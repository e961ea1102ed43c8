// Which run of a schedule is due, and which were missed. Pure. What was done is kept as one moment, the newest that was
// run or counted as missed: it survives restarts, and a clock that jumps cannot make more of it than one run.
#pragma once

#include <optional>

#include "core/schedule.hpp"

namespace docksweep::app {

struct schedule_rule {
  const core::cron* expression = nullptr;
  const date::time_zone* zone = nullptr;  // null: UTC
  core::duration offset{0};               // core::splay_offset: how long after its moment this node runs
  core::duration missed_after = std::chrono::hours(1);
};

// Moments are those of the cron expression, the splay not included.
struct schedule_answer {
  std::optional<core::instant> due;  // run this one now: the newest that is less than missed_after late
  int missed = 0;                    // moments that came too late since `handled`, as far as they were counted
  core::instant handled{};           // to be remembered in place of the one before: the newest missed moment
};

// So many missed moments are counted for one absence; the older ones of a longer absence are forgotten.
inline constexpr int most_missed = 1000;

// `handled`: the newest moment that was run or counted as missed (for a new policy: when it was first seen, so that
// nothing is made up for). One that lies further ahead than missed_after comes from a clock that was wrong, and is
// brought back to `now`; a smaller step back of the clock does not run the same moment twice.
schedule_answer look_at_schedule(const schedule_rule& rule, core::instant handled, core::instant now);

// When this node runs it next, splay included, strictly after `now`.
std::optional<core::instant> next_run(const schedule_rule& rule, core::instant handled, core::instant now);

}  // namespace docksweep::app
