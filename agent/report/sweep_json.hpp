// Plans, explanations and the record of sweeps as JSON: for --json, GET /api/v1/plan and GET /api/v1/history.
// The rules of report/json.hpp hold.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/history.hpp"
#include "core/plan.hpp"
#include "report/explanation.hpp"
#include "report/json.hpp"

namespace docksweep::report {

// A text in quotes; null for an empty one.
void write_text(const json_sink& out, std::string_view text);

// A plan:
//   {policy, made_at, inventory_at, partial,
//    goal: {quantity, now, target} or null, goals: [{quantity, now, target, path, met, predictable, lacking_bytes}],
//    steps: [{kind, id, names, freed, cumulative, after_step, rule, also, keep_bytes, ask_registry, archive}], goal_step, shortfall,
//    blockers: [{reason, count, bytes}],
//    verdicts: [{kind, id, names, action, reason, rule, eligible_at}]}
// `goal` is the first of `goals`: most policies have one. policy is null for "everything unused". `node` is what the
// plan was made of.
void write_plan(const json_sink& out, const core::plan& what, const core::view& node);

// {image: {id, tags, digests, state, size_bytes, freed, first_seen_at, last_used_at, origin},
//  policies: [{policy, action, reason, rule, eligible_at, step, freed,
//              findings: [{reason, holds, rule, detail, until}]}]}
void write_explanation(const json_sink& out, const image_explanation& what);

// A sweep and, where `removals` has some of it, each of its removals:
//   {id, engine_id, policy, trigger, actor, cause, began_at, ended_at, outcome, problem, predicted_bytes,
//    predicted_bytes_at_most, freed_bytes, disk_freed_bytes, planned, removed, failed,
//    removals: [{id, kind, object_id, references, digests, layers, platform, origin, reason, rule, predicted_bytes,
//                predicted_bytes_at_most, freed_bytes, at, outcome, problem, also, archive, restored_at, restorable,
//                why_not_restorable}]}
// `restorable` is null where nobody can tell before it is tried; why_not_restorable says why then, too.
void write_sweep(const json_sink& out, const core::sweep_record& sweep, std::span<const core::removal_record> removals,
                 core::image_store store);

// {sweeps: [as above, newest first], foreign: [removals by others], paused: {since, until, reason, actor} or null}
void write_history(const json_sink& out, std::span<const core::sweep_record> sweeps,
                   std::span<const core::removal_record> removals, const std::optional<core::pause_state>& paused,
                   core::image_store store);

}  // namespace docksweep::report
