// What is the same for every kind of object; image_removal.cpp has what is special about images and their names.
#include "app/removal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace docksweep::app {
namespace {

using kind = recheck_result::kind;
using outcome = core::removal_outcome;

std::string_view word_for(core::target_kind what) {
  switch (what) {
    case core::target_kind::container:
      return "container";
    case core::target_kind::build_cache:
      return "build cache";
    case core::target_kind::image:
      return "image";
    case core::target_kind::volume:
      break;
  }
  return "volume";
}

}  // namespace

task<std::optional<sweep_end>> step_removal::run() {
  if (task_.step.kind == core::target_kind::image) {
    auto removing = remove_image();
    co_await std::move(removing);
  } else {
    auto removing = remove_whole();
    co_await std::move(removing);
  }
  if (end_ || task_.record.outcome != outcome::planned) observed_ = false;
  // Names were put back, and the sweep ends here: this step came to nothing.
  if (attempted_ && task_.record.outcome == outcome::attempted) task_.record.outcome = outcome::skipped;
  if (task_.record.outcome != outcome::planned) {
    auto writing = write_down();
    co_await std::move(writing);
  }
  co_return end_;
}

task<core::result<removal_answer>> step_removal::remove(std::string name) {
  removal_answer answer;
  if (task_.step.kind == core::target_kind::image) {
    auto call = with_.engine.remove_image(name);
    auto said = co_await std::move(call);
    if (!said) co_return std::unexpected(std::move(said.error()));
    answer.untagged = std::move(said->untagged);
    answer.deleted = std::move(said->deleted);
  } else if (task_.step.kind == core::target_kind::build_cache) {
    auto call = with_.engine.prune_build_cache(task_.step.keep_bytes);
    const auto said = co_await std::move(call);
    if (!said) co_return std::unexpected(said.error());
    answer.freed = *said;
  } else {
    auto call = task_.step.kind == core::target_kind::container ? with_.engine.remove_container(name)
                                                                : with_.engine.remove_volume(name);
    const auto said = co_await std::move(call);
    if (!said) co_return std::unexpected(said.error());
  }
  co_return answer;
}

task<recheck_result> step_removal::recheck_whole() {
  if (task_.step.kind == core::target_kind::container) {
    auto checking = check_.container(task_.container);
    co_return co_await std::move(checking);
  }
  if (task_.step.kind == core::target_kind::volume) {
    known_volume planned{task_.step.id, task_.without};
    auto checking = check_.volume(std::move(planned));
    co_return co_await std::move(checking);
  }
  co_return recheck_result();  // nobody holds what the engine itself calls unused build cache
}

task<void> step_removal::remove_whole() {
  auto checking = recheck_whole();
  auto found = co_await std::move(checking);
  if (found.what == kind::gone) {
    task_.record.outcome = outcome::gone;
    gone_ = true;
    co_return;
  }
  if (!passes(found)) co_return;
  if (!found.container.inspect.empty()) task_.record.inspect = found.container.inspect;
  // What the engine said just now (containers), else what the plan knew (volumes).
  const auto predicted = task_.step.freed.exact() ? task_.step.freed.at_least : core::byte_count(0);
  const auto bytes = found.container.writable_bytes.value_or(predicted);
  auto clearing = cleared();
  const bool may = co_await std::move(clearing);
  if (!may) co_return;
  auto removing = remove(task_.step.id);
  auto in_hand = with_.brake.in_hand(std::move(removing));
  auto answer = co_await std::move(in_hand);
  auto judging = judge_whole(std::move(answer), bytes);
  co_await std::move(judging);
}

task<void> step_removal::judge_whole(std::optional<core::result<removal_answer>> answer, core::byte_count known_bytes) {
  core::removal_record& record = task_.record;
  if (!answer) {
    failed(outcome::unknown, removal_failure::timeout, "the engine had not answered when the sweep was stopped");
    end(core::sweep_outcome::stopped, "stopped: " + with_.brake.stopped().value_or(""));
    co_return;
  }
  if (*answer) {
    record.outcome = outcome::removed;
    gone_ = true;
    const bool known = task_.step.kind != core::target_kind::volume || task_.step.freed.exact();
    if (known) record.freed = (*answer)->freed.value_or(known_bytes);
    co_return;
  }
  const core::failure why = answer->error();
  throw_if_cancelled(why);
  if (why.code == core::failure_code::not_found) {
    record.outcome = outcome::gone;
    record.problem = why.message;
    gone_ = true;
    co_return;
  }
  if (why.code == core::failure_code::conflict) {
    failed(outcome::refused, removal_failure::conflict, why.message);
    co_return;
  }
  const bool late = why.code == core::failure_code::timeout;
  auto looking = look();
  const auto seen = co_await std::move(looking);
  if (seen.what == presence::gone) {
    const bool lost = late || why.code == core::failure_code::unreachable;
    record.outcome = lost ? outcome::removed : outcome::gone;
    record.problem = "its answer was lost, but it is gone: " + why.message;
    gone_ = true;
  } else if (seen.what == presence::there) {
    failed(late ? outcome::unknown : outcome::failed, late ? removal_failure::timeout : removal_failure::engine,
           why.message);
  } else {
    failed(outcome::unknown, late ? removal_failure::timeout : removal_failure::engine, why.message);
  }
}

bool step_removal::passes(const recheck_result& found) {
  if (found.what == kind::keep) {
    task_.record.outcome = outcome::kept;
    task_.record.why = found.why;
    task_.record.problem = found.problem;
    return false;
  }
  if (found.what == kind::end) {
    end(found.outcome, found.problem);
    return false;
  }
  // A container that came and went leaves no holder behind.
  if (task_.used_since && task_.used_since()) {
    task_.record.outcome = outcome::kept;
    task_.record.why = core::reason::min_age;
    task_.record.problem = "used since the plan was made";
    return false;
  }
  return true;
}

task<bool> step_removal::cleared() {
  auto asking = with_.brake.hold();
  const auto held = co_await std::move(asking);
  if (held) {
    end(held->outcome, held->problem);
    co_return false;
  }
  // The one place where observe mode turns off.
  if (!task_.enforce) {
    observed_ = true;
    co_return false;
  }
  if (attempted_) co_return true;
  task_.record.outcome = outcome::attempted;
  task_.record.at = with_.options.now();
  auto writing = with_.record.update_removal(task_.record);
  const auto written = co_await std::move(writing);
  if (!written) {
    throw_if_cancelled(written.error());
    task_.record.outcome = outcome::planned;
    end(core::sweep_outcome::failed,
        "nothing is removed that cannot be put on record before: " + written.error().message);
    co_return false;
  }
  attempted_ = true;
  // A stop while the record was written.
  if (!with_.brake.stopped()) co_return true;
  end(core::sweep_outcome::stopped, "stopped: " + *with_.brake.stopped());
  co_return false;
}

task<step_removal::look_result> step_removal::look_once() {
  look_result seen;
  const std::string id = task_.step.id;
  if (task_.step.kind == core::target_kind::image) {
    auto finding = with_.engine.find_image(id);
    const auto found = co_await std::move(finding);
    if (!found) co_return look_result{presence::unknown, {}, found.error().message};
    seen.what = *found ? presence::there : presence::gone;
    if (!*found) co_return seen;
    seen.names = (*found)->tags;
    seen.names.insert(seen.names.end(), (*found)->digests.begin(), (*found)->digests.end());
  } else if (task_.step.kind == core::target_kind::container) {
    auto finding = with_.engine.container_details(id);
    const auto found = co_await std::move(finding);
    if (!found) co_return look_result{presence::unknown, {}, found.error().message};
    seen.what = *found ? presence::there : presence::gone;
  } else {
    seen.problem = fmt::format("the engine cannot be asked about one {}", word_for(task_.step.kind));
  }
  co_return seen;
}

// An engine that was lost is waited for: it may have removed the object before it went.
task<step_removal::look_result> step_removal::look() {
  auto waiting = with_.brake.await_engine();
  const bool back = co_await std::move(waiting);
  if (!back) {
    const auto& stopped = with_.brake.stopped();
    if (stopped) {
      end(core::sweep_outcome::stopped, "stopped: " + *stopped);
    } else {
      end(core::sweep_outcome::failed, "the engine is lost, and did not come back");
    }
    co_return look_result();
  }
  auto looking = look_once();
  co_return co_await std::move(looking);
}

void step_removal::failed(core::removal_outcome became, removal_failure why, std::string problem) {
  task_.record.outcome = became;
  task_.record.problem = std::move(problem);
  with_.counts.removal_failed(why);
}

void step_removal::end(core::sweep_outcome became, std::string problem) {
  if (!end_) end_ = sweep_end{became, std::move(problem)};
}

task<void> step_removal::write_down() {
  task_.record.at = with_.options.now();
  auto writing = with_.record.update_removal(task_.record);
  const auto written = co_await std::move(writing);
  if (written) co_return;
  throw_if_cancelled(written.error());
  end(core::sweep_outcome::failed, "what became of a removal could not be put on record: " + written.error().message);
}

}  // namespace docksweep::app
