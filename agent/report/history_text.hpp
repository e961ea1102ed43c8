// The record of sweeps for people.
#pragma once

#include <span>
#include <string>

#include "core/history.hpp"
#include "report/table.hpp"

namespace docksweep::report {

struct history_style {
  table_style table;
  core::instant now{};
  core::image_store store = core::image_store::graphdriver;  // what can be restored differs
};

// One row for each sweep and each removal by others, newest first.
std::string history_text(std::span<const core::sweep_record> sweeps, std::span<const core::removal_record> removals,
                         const history_style& style);

// One sweep with each of its removals.
std::string sweep_text(const core::sweep_record& sweep, std::span<const core::removal_record> removals,
                       const history_style& style);

// What a sweep came to, in a few lines: at its end.
std::string sweep_summary(const core::sweep_record& sweep, std::span<const core::removal_record> removals);

// "image alpine:3.19: removed, 7.3 MB": one line for each removal as it ends.
std::string removal_line(const core::removal_record& removal);

// "paused 5 minutes ago by alice (uid 1000), until 2026-11-23T18:00:00Z: reason"
std::string pause_text(const core::pause_state& pause, core::instant now);

}  // namespace docksweep::report
