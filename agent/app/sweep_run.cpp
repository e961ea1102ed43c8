#include "app/sweep_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/held_images.hpp"

namespace docksweep::app {
namespace {

using outcome = core::removal_outcome;

std::vector<std::string> paths_of(const sweep_request& request) {
  if (!request.watched_paths.empty()) return request.watched_paths;
  const bool any = std::ranges::any_of(request.plan.goals, [](const auto& goal) { return !goal.path.empty(); });
  if (any) return {};
  return {request.node->what().engine.root_dir};
}

// Where the engine keeps its things, as far as anybody knows.
std::vector<std::string> engine_paths_of(const sweep_request& request) {
  auto paths = request.watched_paths;
  const auto& root = request.node->what().engine.root_dir;
  if (!root.empty() && std::ranges::find(paths, root) == paths.end()) paths.push_back(root);
  return paths;
}

std::string name_of(const core::plan_step& step) {
  if (step.kind == core::target_kind::build_cache) return "build cache";
  if (!step.names.empty()) return step.names.front();
  const auto digits = step.id.starts_with("sha256:") ? step.id.substr(7) : step.id;
  return step.kind == core::target_kind::volume ? step.id : digits.substr(0, 12);
}

bool names_may_go_alone(const core::policy& which) {
  return which.remove.images && which.remove.images->untag;
}

sweep_refusal fault(std::string message) {
  return {skip_reason::nothing_to_do, std::move(message), true};
}

}  // namespace

sweep_run::sweep_run(removal_parts with, sweep_request request, sweep_observer observer)
    : with_(with),
      request_(std::move(request)),
      engine_paths_(engine_paths_of(request_)),
      observer_(std::move(observer)),
      sweep_(sweep_record_of(request_, with.options.now())),
      removals_(removal_records(request_, with.options.now())),
      family_(*request_.node),
      goal_(with.file_systems, with.brake, with.options, request_.plan.goals, paths_of(request_)),
      log_(with.log, sweep_),
      began_(std::chrono::steady_clock::now()) {
  for (const core::plan_step& step : request_.plan.steps) containers_.push_back(container_of(step));
  request_.usage = nullptr;
  request_.stopped = nullptr;
}

known_container sweep_run::container_of(const core::plan_step& step) const {
  known_container known;
  if (step.kind != core::target_kind::container) return known;
  known.id = step.id;
  known.planned_at = request_.plan.made_at;
  if (const auto* seen = find_container(*request_.node, step.id)) {
    known.state = seen->state;
    known.image_id = seen->image_id;
  }
  if (request_.stopped == nullptr) return known;
  const auto details = request_.stopped->find(step.id);
  if (details == request_.stopped->end()) return known;
  known.knows_end = true;
  known.finished_at = details->second.finished_at;
  return known;
}

void sweep_run::end(core::sweep_outcome became, std::string problem) {
  if (!end_) end_ = sweep_end{became, std::move(problem)};
}

task<std::optional<sweep_refusal>> sweep_run::begin() {
  auto measuring = goal_.begin();
  const auto measured = co_await std::move(measuring);
  if (!measured) co_return fault(measured.error().message);
  auto asking = goal_.met();
  const auto met = co_await std::move(asking);
  if (!met) co_return fault(met.error().message);
  if (*met) co_return sweep_refusal{skip_reason::nothing_to_do, "the goal is met already", false};
  auto writing = with_.record.begin_sweep(sweep_, removals_);
  const auto written = co_await std::move(writing);
  if (!written) {
    throw_if_cancelled(written.error());
    co_return fault("nothing is removed that cannot be put on record before: " + written.error().message);
  }
  with_.counts.sweep_began(sweep_.policy, sweep_.trigger);
  log_.planned(request_.plan, request_.enforce);
  co_return std::nullopt;
}

task<void> sweep_run::work_off() {
  for (std::size_t step = 0; step < removals_.size() && !end_ && !met_; ++step) {
    if (with_.brake.stopped()) {
      end(core::sweep_outcome::stopped, "stopped: " + *with_.brake.stopped());
      break;
    }
    tell_progress(step);
    auto working = work_on(step);
    co_await std::move(working);
  }
}

// On graphdriver a parent's removal would take its names, and free nothing: its child was kept, or is not in the plan.
bool sweep_run::kept_for_child(std::size_t step) {
  const core::plan_step& what = request_.plan.steps[step];
  if (what.kind != core::target_kind::image || names_may_go_alone(request_.policy)) return false;
  const auto place = place_of_image(*request_.node, what.id);
  if (!place || !removes_whole_image(what, *request_.node, *place)) return false;
  const auto child = family_.child_of(*place);
  if (!child) return false;
  const core::image& built = request_.node->what().images[*child];
  removals_[step].outcome = outcome::kept;
  removals_[step].why = core::reason::frees_nothing;
  removals_[step].problem =
      fmt::format("image {} is built on it, and still there", built.tags.empty() ? built.id : built.tags.front());
  return true;
}

// The end of a container that this sweep removes counts as a use of its image, too.
bool sweep_run::used_by_others(std::size_t step) const {
  const core::plan_step& what = request_.plan.steps[step];
  if (what.after_step > 0 || !request_.used_since(what)) return false;
  const auto place = place_of_image(*request_.node, what.id);
  if (what.kind != core::target_kind::image || !place || removed_containers_.empty()) return true;
  std::vector<core::container> ours;
  for (const core::container& one : request_.node->what().containers) {
    if (removed_containers_.contains(one.id)) ours.push_back(one);
  }
  return !core::held_images(ours).holds(request_.node->what().images[*place]);
}

task<void> sweep_run::work_on(std::size_t step) {
  const core::plan_step& what = request_.plan.steps[step];
  removal_task to_do{.step = what,
                     .record = removals_[step],
                     .node = *request_.node,
                     .without = removed_containers_,
                     .container = containers_[step],
                     .image = std::nullopt,
                     .archive = request_.policy.archive,
                     .engine_paths = engine_paths_,
                     .enforce = request_.enforce,
                     .used_since = nullptr,
                     .may_stay = names_may_go_alone(request_.policy)};
  if (what.kind == core::target_kind::image) to_do.image = place_of_image(*request_.node, what.id);
  if (request_.used_since && use_protects(request_.policy, what.kind)) {
    to_do.used_since = [this, step] { return used_by_others(step); };
  }
  step_removal removal(with_, std::move(to_do));
  if (kept_for_child(step)) {
    removals_[step].at = with_.options.now();
    auto writing = with_.record.update_removal(removals_[step]);
    const auto written = co_await std::move(writing);
    if (!written) end(core::sweep_outcome::failed, written.error().message);
  } else {
    auto removing = removal.run();
    auto ended = co_await std::move(removing);
    if (ended) end(ended->outcome, std::move(ended->problem));
  }
  account(step, removal);
  const auto became = removals_[step].outcome;
  const bool changed = became == outcome::removed || became == outcome::gone || removal.observed();
  if (!changed || end_) co_return;
  auto measuring = measure();
  co_await std::move(measuring);
}

task<void> sweep_run::measure() {
  auto asking = goal_.met();
  const auto met = co_await std::move(asking);
  if (met) {
    met_ = *met;
    co_return;
  }
  end(core::sweep_outcome::failed, met.error().message);
}

core::byte_count sweep_run::surely_freed(std::size_t step) const {
  if (removals_[step].freed) return *removals_[step].freed;
  return all_images_went_ ? request_.plan.steps[step].freed.at_least : 0;
}

void sweep_run::count_image(std::size_t step, bool object_gone) {
  const core::plan_step& what = request_.plan.steps[step];
  if (what.kind != core::target_kind::image) return;
  if (!object_gone) {
    all_images_went_ = false;
    return;
  }
  const auto place = place_of_image(*request_.node, what.id);
  if (!place) return;
  family_.gone(*place);
  for (const std::string& ancestor : removals_[step].also) {
    if (const auto along = place_of_image(*request_.node, ancestor)) family_.gone(*along);
  }
}

void sweep_run::account(std::size_t step, const step_removal& removal) {
  core::removal_record& record = removals_[step];
  if (record.outcome == outcome::planned && !removal.observed()) return;  // the sweep ended before it came to this
  const bool went = record.outcome == outcome::removed || record.outcome == outcome::gone;
  if (went && removal.object_gone()) {
    const bool image = record.kind == core::target_kind::image;
    goal_.count_down(image ? surely_freed(step) : 0, image ? 1 : 0);
  }
  if (record.outcome == outcome::removed) {
    ++sweep_.removed;
    const auto sure = surely_freed(step);
    sure_bytes_ += sure;
    known_bytes_ += record.freed.value_or(0);
    knows_bytes_ = knows_bytes_ && record.freed;
    if (removal.object_gone()) with_.counts.removed(sweep_.policy, record.kind);
    with_.counts.bytes(record.kind, record.predicted.at_least, sure);
  }
  if (record.outcome == outcome::refused || record.outcome == outcome::failed || record.outcome == outcome::unknown) {
    ++sweep_.failed;
  }
  if (record.kind == core::target_kind::container && (went || removal.observed())) {
    removed_containers_.insert(record.object_id);
  }
  count_image(step, removal.observed() || (went && removal.object_gone()));
  if (removal.observed()) {
    observed_.push_back(step);
    record.outcome = outcome::skipped;  // as the end of the sweep writes it down
  }
  log_.removal(record, removal.observed() ? "observed" : core::to_string(record.outcome));
  if (observer_.ended) observer_.ended(record);
}

void sweep_run::tell_progress(std::size_t step) {
  if (!observer_.progress) return;
  const auto& steps = request_.plan.steps;
  sweep_progress now;
  now.sweep_id = sweep_.id;
  now.step = static_cast<int>(step);
  now.steps = static_cast<int>(steps.size());
  now.freed = sure_bytes_;
  now.predicted = sweep_.predicted.at_least;
  if (step < steps.size()) now.current = name_of(steps[step]);
  observer_.progress(now);
}

// What the sweep came to.
task<void> sweep_run::judge() {
  if (end_) {
    sweep_.outcome = end_->outcome;
    sweep_.problem = end_->problem;
    co_return;
  }
  sweep_.outcome = request_.enforce ? core::sweep_outcome::reached : core::sweep_outcome::observed;
  if (!request_.enforce || met_ || !goal_.any()) co_return;
  auto asking = goal_.met_in_the_end();
  const auto met = co_await std::move(asking);
  if (met && *met) co_return;
  sweep_.outcome = met ? core::sweep_outcome::missed : core::sweep_outcome::failed;
  sweep_.problem = met ? goal_.lacking() : met.error().message;
}

task<core::sweep_record> sweep_run::finish() {
  auto judging = judge();
  co_await std::move(judging);
  auto measuring = goal_.freed();
  sweep_.disk_freed = co_await std::move(measuring);
  if (knows_bytes_) sweep_.freed = known_bytes_;
  sweep_.ended = with_.options.now();
  if (!request_.enforce) {
    auto saving = save_shadows();
    co_await std::move(saving);
  }
  auto writing = with_.record.end_sweep(sweep_);
  const auto written = co_await std::move(writing);
  if (!written) {
    throw_if_cancelled(written.error());
    sweep_.outcome = core::sweep_outcome::failed;
    const auto problem = "its end could not be put on record: " + written.error().message;
    sweep_.problem += sweep_.problem.empty() ? problem : "; " + problem;
  }
  tell_progress(removals_.size());
  const auto took = std::chrono::steady_clock::now() - began_;
  with_.counts.sweep_ended(sweep_, took);
  log_.ended(took);
  co_return sweep_;
}

task<void> sweep_run::save_shadows() {
  std::vector<core::shadow_removal> shadows;
  for (const std::size_t step : observed_) {
    const core::removal_record& record = removals_[step];
    if (record.kind != core::target_kind::image || sweep_.policy.empty()) continue;
    shadows.push_back({sweep_.policy, record.object_id, record.references, *sweep_.ended});
  }
  if (shadows.empty()) co_return;
  auto saving = with_.record.save_shadows(sweep_.engine_id, std::move(shadows));
  const auto saved = co_await std::move(saving);
  if (saved) co_return;
  throw_if_cancelled(saved.error());
  log_.note(log_level::warn, "shadows_not_saved", saved.error().message);
}

}  // namespace docksweep::app
