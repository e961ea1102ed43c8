// An image goes name by name, each with its own re-check; when one name has to stay, those that went are put back: an
// image never loses names without being removed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "app/put_back.hpp"
#include "app/removal.hpp"
#include "app/removal_records.hpp"

namespace docksweep::app {
namespace {

using kind = recheck_result::kind;
using outcome = core::removal_outcome;

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

known_image step_removal::planned_image() const {
  known_image planned{task_.step.id, task_.without, task_.step.names};
  if (!task_.image) return planned;
  const core::image& image = task_.node.what().images[*task_.image];
  planned.names.insert(planned.names.end(), image.tags.begin(), image.tags.end());
  planned.names.insert(planned.names.end(), image.digests.begin(), image.digests.end());
  return planned;
}

task<void> step_removal::remove_image() {
  std::vector<std::string> names = task_.step.names;
  if (names.empty()) names.push_back(task_.step.id);
  if (task_.step.first.any()) {
    auto securing = make_safe(names.front());
    const bool safe = co_await std::move(securing);
    if (!safe) co_return;
  }
  for (const std::string& name : names) {
    auto removing = remove_name(name);
    const bool go_on = co_await std::move(removing);
    if (!go_on) co_return;
  }
  if (!task_.enforce) co_return;
  auto ending = after_last_name();
  co_await std::move(ending);
}

task<bool> step_removal::remove_name(std::string name) {
  auto planned = planned_image();
  auto checking = check_.image(name, std::move(planned));
  const auto found = co_await std::move(checking);
  if (found.what == kind::gone) {
    auto looking = name_is_gone(name);
    co_return co_await std::move(looking);
  }
  bool may = passes(found);
  if (may) {
    auto clearing = cleared();
    may = co_await std::move(clearing);
    if (observed_) co_return true;
  }
  if (!may) {
    auto giving = give_back();
    co_await std::move(giving);
    co_return false;
  }
  auto removing = remove(name);
  auto in_hand = with_.brake.in_hand(std::move(removing));
  auto answer = co_await std::move(in_hand);
  auto judging = judge_name(std::move(name), std::move(answer));
  co_return co_await std::move(judging);
}

task<bool> step_removal::judge_name(std::string name, std::optional<core::result<removal_answer>> answer) {
  if (!answer) {
    failed(outcome::unknown, removal_failure::timeout, "the engine had not answered when the sweep was stopped");
    end(core::sweep_outcome::stopped, "stopped: " + with_.brake.stopped().value_or(""));
    co_return false;
  }
  if (*answer) {
    acted_ = true;
    if (name != task_.step.id) untagged_.push_back(name);
    for (const std::string& went : (*answer)->untagged) {
      if (went != name && went.find('@') != std::string::npos) lost_.push_back(went);
    }
    deleted_.insert(deleted_.end(), (*answer)->deleted.begin(), (*answer)->deleted.end());
    if (!has(deleted_, task_.step.id)) co_return true;
    by_engine_ = true;
    // The containerd store says so of an image with children, too, and keeps it without a name: looked at afterwards.
    if (task_.node.what().engine.store == core::image_store::containerd) co_return true;
    image_is_gone();
    co_return false;
  }
  const core::failure why = answer->error();
  throw_if_cancelled(why);
  if (why.code == core::failure_code::not_found) {
    auto looking = name_is_gone(std::move(name));
    co_return co_await std::move(looking);
  }
  if (why.code == core::failure_code::conflict) {
    failed(outcome::refused, removal_failure::conflict, why.message);
    auto giving = give_back();
    co_await std::move(giving);
    co_return false;
  }
  auto looking = name_uncertain(std::move(name), why);
  co_return co_await std::move(looking);
}

// No answer, or one that tells nothing: what the engine has now decides.
task<bool> step_removal::name_uncertain(std::string name, core::failure why) {
  const bool late = why.code == core::failure_code::timeout;
  const auto count_as = late ? removal_failure::timeout : removal_failure::engine;
  auto looking = look();
  const auto seen = co_await std::move(looking);
  if (seen.what == presence::unknown) {
    failed(outcome::unknown, count_as, why.message);
    co_return false;
  }
  if (seen.what == presence::gone) {
    // A 500 is also what one of two that remove the same image is told.
    const bool lost = late || why.code == core::failure_code::unreachable;
    acted_ = acted_ || lost;
    image_is_gone("its answer was lost, but it is gone: " + why.message);
    co_return false;
  }
  if (name != task_.step.id && !has(seen.names, name)) {
    // Docker on a full disk: the name is gone from its memory, and the image with it is not (see after_last_name).
    half_done_ = true;
    untagged_.push_back(std::move(name));
    co_return true;
  }
  // After a time-out the engine may still be at it: that is settled later.
  failed(late ? outcome::unknown : outcome::failed, count_as, why.message);
  auto giving = give_back();
  co_await std::move(giving);
  co_return false;
}

// Somebody else took the name away, or it went along with another one: the image may be there still.
task<bool> step_removal::name_is_gone(std::string name) {
  if (name == task_.step.id) {
    image_is_gone();
    co_return false;
  }
  auto looking = look_once();
  const auto seen = co_await std::move(looking);
  if (seen.what == presence::gone) image_is_gone();
  co_return seen.what != presence::gone;
}

void step_removal::image_is_gone(std::string problem) {
  gone_ = true;
  const bool ours = acted_ || !untagged_.empty();
  task_.record.outcome = ours ? outcome::removed : outcome::gone;
  task_.record.problem = std::move(problem);
  if (!ours) return;
  if (by_engine_) name_ancestors();
  task_.record.freed = image_bytes();
}

// After its names went; false: this step is over.
bool step_removal::still_there(const look_result& seen) {
  if (seen.what == presence::gone) image_is_gone();
  if (seen.what == presence::unknown) {
    failed(outcome::unknown, removal_failure::engine, "its names went, and then the engine was lost: " + seen.problem);
  }
  return seen.what == presence::there;
}

task<void> step_removal::after_last_name() {
  auto looking = look();
  auto seen = co_await std::move(looking);
  if (!still_there(seen)) co_return;
  if (seen.names.empty() && (untagged_.empty() || half_done_)) {
    // Others took its names away, or the engine failed after it did so itself: the image is left, and goes by its ID.
    const bool by_id = task_.step.names.empty();
    if (by_id) {
      failed(outcome::failed, removal_failure::engine, "the engine said that it removed the image, but it is there");
      co_return;
    }
    auto removing = remove_name(task_.step.id);
    const bool still_there = co_await std::move(removing);
    if (still_there) {
      failed(outcome::failed, removal_failure::engine, "the engine said that it removed the image, but it is there");
    }
    co_return;
  }
  // Bounded: a name may come back, or not go.
  for (auto tries = seen.names.size(); tries > 0; --tries) {
    const auto own = own_digest_left(seen.names);
    if (!own) break;
    auto removing = remove_name(*own);
    const bool go_on = co_await std::move(removing);
    if (!go_on) co_return;
    auto looking_again = look();
    seen = co_await std::move(looking_again);
    if (!still_there(seen)) co_return;
  }
  auto ending = after_untagging(seen.names);
  co_await std::move(ending);
}

// The containerd store: an image that was pulled by its digest, too, keeps that as a name of its own when all tags are
// gone. Its listing tells it from those that come with a tag by nothing. (By this name the engine removes the image.)
std::optional<std::string> step_removal::own_digest_left(const std::vector<std::string>& left) const {
  const bool whole = !task_.image || removes_whole_image(task_.step, task_.node, *task_.image);
  const bool containerd = task_.node.what().engine.store == core::image_store::containerd;
  const auto is_own = [&](const std::string& name) { return name.ends_with("@" + task_.step.id); };
  if (!whole || !containerd || untagged_.empty() || left.empty() || !std::ranges::all_of(left, is_own)) return {};
  return left.front();
}

// All names of the step went, and the image is there.
task<void> step_removal::after_untagging(std::vector<std::string> left) {
  core::removal_record& record = task_.record;
  if (untagged_.empty()) {
    record.outcome = outcome::gone;
    record.problem = fmt::format("the names are gone already; the image stays as {}", fmt::join(left, ", "));
    co_return;
  }
  const bool whole = !task_.image || removes_whole_image(task_.step, task_.node, *task_.image);
  const bool wanted = !whole ? !left.empty() : task_.may_stay;
  if (wanted) {
    record.outcome = outcome::removed;
    record.freed = 0;
    record.problem = left.empty() ? std::string("the image stays: others are built on it")
                                  : fmt::format("the image stays as {}", fmt::join(left, ", "));
    co_return;
  }
  const bool built_on = left.empty();
  record.why = built_on ? core::reason::frees_nothing : core::reason::min_age;
  record.problem = built_on ? std::string("only its names went: other images are built on it")
                            : fmt::format("only some names went: it is {} now", fmt::join(left, ", "));
  record.outcome = built_on ? outcome::refused : outcome::kept;
  if (built_on) with_.counts.removal_failed(removal_failure::conflict);
  auto giving = give_back();
  co_await std::move(giving);
}

task<void> step_removal::give_back() {
  if (untagged_.empty()) co_return;
  std::vector<std::string> names = untagged_;
  for (const std::string& digest : lost_) {
    if (!has(names, digest)) names.push_back(digest);
  }
  auto giving = put_back_names(with_.engine, task_.step.id, std::move(names));
  const auto result = co_await std::move(giving);
  std::string& problem = task_.record.problem;
  if (!problem.empty()) problem += "; ";
  problem += result.text();
  if (result.not_back.empty()) co_return;
  // What could not be asked now is settled later; a name that somebody else has by now stays lost.
  outcome& became = task_.record.outcome;
  if (!result.settled) {
    became = outcome::unknown;
  } else if (became == outcome::attempted) {
    became = outcome::kept;
  }
  std::vector<log_field> fields{
      {"image_id", task_.step.id}, {"sweep_id", std::to_string(task_.record.sweep_id)}, {"why", result.text()}};
  with_.log.write(log_level::warn, "names_lost", fields);
}

void step_removal::name_ancestors() {
  task_.record.also.clear();
  for (const std::string& went : deleted_) {
    const bool ancestor = went != task_.step.id && place_of_image(task_.node, went).has_value();
    if (ancestor && !has(task_.record.also, went)) task_.record.also.push_back(went);
  }
}

// By the engine's own list: the sizes of the layers in it. Ancestors' layers are among those of the image. nullopt: the
// store does not list them, or not all sizes are known.
std::optional<core::byte_count> step_removal::image_bytes() const {
  const core::inventory& node = task_.node.what();
  const bool lists_layers = node.engine.store == core::image_store::graphdriver && node.engine.engine != "podman";
  if (!by_engine_ || !lists_layers || !task_.image || *task_.image >= node.details.size()) return std::nullopt;
  const auto& details = node.details[*task_.image];
  if (!details) return std::nullopt;
  std::vector<std::uint32_t> places;
  for (const std::string& went : deleted_) {
    const auto layer = std::ranges::find(details->chain_ids, went);
    if (layer != details->chain_ids.end()) {
      const auto place = static_cast<std::uint32_t>(layer - details->chain_ids.begin());
      if (std::ranges::find(places, place) == places.end()) places.push_back(place);
      continue;
    }
    if (went != task_.step.id && !place_of_image(task_.node, went)) return std::nullopt;
  }
  const auto bytes = task_.node.layers().bytes_of(*task_.image, places);
  return bytes.exact() ? std::optional(bytes.at_least) : std::nullopt;
}

}  // namespace docksweep::app
