// What comes before an image's removal, so that it can be had back: a registry is asked whether it still has it, or the
// image is saved. Where neither can be done it stays (local_only).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/removal.hpp"
#include "app/save_image.hpp"
#include "core/pattern.hpp"
#include "core/plan/names.hpp"

namespace docksweep::app {
namespace {

using kind = recheck_result::kind;
using outcome = core::removal_outcome;

}  // namespace

// Nothing is asked about or saved for an image that stays anyway; remove_name looks once more when this is done.
task<bool> step_removal::look_before(std::string name) {
  auto planned = planned_image();
  auto checking = check_.image(std::move(name), std::move(planned));
  const auto found = co_await std::move(checking);
  if (found.what == kind::gone) {
    auto looking = name_is_gone(task_.step.names.empty() ? task_.step.id : task_.step.names.front());
    co_return co_await std::move(looking);
  }
  if (!passes(found)) co_return false;
  auto asking = with_.brake.hold();
  const auto held = co_await std::move(asking);
  if (held) end(held->outcome, held->problem);
  co_return !held;
}

task<bool> step_removal::make_safe(std::string name) {
  auto looking = look_before(std::move(name));
  const bool may = co_await std::move(looking);
  if (!may) co_return false;
  bool ended = true;
  if (task_.step.first.ask_registry) {
    auto asking = ask_registries();
    auto waiting = with_.brake.until_stopped(std::move(asking));
    ended = co_await std::move(waiting);
  }
  if (ended && !registry_has_it_ && task_.step.first.archive) {
    not_safe_.clear();
    auto saving = save_to_archive();
    auto waiting = with_.brake.until_stopped(std::move(saving));
    ended = co_await std::move(waiting);
  }
  if (!ended) {
    end(core::sweep_outcome::stopped, "stopped: " + with_.brake.stopped().value_or(""));
    co_return false;
  }
  if (not_safe_.empty()) co_return true;
  task_.record.outcome = outcome::kept;
  task_.record.why = core::reason::local_only;
  task_.record.problem = not_safe_;
  co_return false;
}

task<void> step_removal::ask_registries() {
  not_safe_ = "no registry can be asked about it: it has no digest";
  if (!task_.image) co_return;
  std::string answers;
  const core::inventory& node = task_.node.what();
  for (const std::string& digest : core::digests_to_ask_for(node.images[*task_.image], node.engine.store)) {
    const auto at = digest.rfind('@');
    auto asking = with_.engine.registry_has(core::canonical_reference(digest.substr(0, at)), digest.substr(at + 1));
    const auto has = co_await std::move(asking);
    if (!has) throw_if_cancelled(has.error());
    registry_has_it_ = has && *has;
    if (registry_has_it_) {
      not_safe_.clear();
      // What the containerd store's digests do not prove.
      task_.record.origin = core::image_origin::pulled;
      co_return;
    }
    if (!answers.empty()) answers += "; ";
    answers += has ? fmt::format("the registry no longer has {}", digest)
                     : fmt::format("whether the registry has {} cannot be told: {}", digest, has.error().message);
    not_safe_ = answers;
  }
}

task<void> step_removal::save_to_archive() {
  if (!task_.image) {
    not_safe_ = "it is not in the view that the plan was made of";
    co_return;
  }
  const auto& image = task_.node.what().images[*task_.image];
  // What the image holds is known, what its tar holds is a little more.
  const auto bytes = std::max(task_.step.freed.at_most, image.size.value_or(0));
  archive_need need{.folder = task_.archive,
                    .engine_paths = task_.engine_paths,
                    .image_bytes = bytes,
                    .engine_spools = task_.node.what().engine.store == core::image_store::graphdriver};
  auto measuring = check_archive_room(with_.file_systems, std::move(need));
  const auto room = co_await std::move(measuring);
  if (!room) {
    throw_if_cancelled(room.error());
    not_safe_ = room.error().message;
    co_return;
  }
  if (!task_.enforce) co_return;
  auto saving = save_image(with_.engine, with_.archive, task_.archive, task_.step.id);
  const auto saved = co_await std::move(saving);
  if (!saved) {
    throw_if_cancelled(saved.error());
    not_safe_ = "it cannot be saved first: " + saved.error().message;
    co_return;
  }
  task_.record.archive = *saved;
}

}  // namespace docksweep::app
