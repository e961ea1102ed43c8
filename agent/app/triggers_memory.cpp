// What triggers remember, and what other processes wrote: memories of policies, the pause, crashed sweeps, old history.
// See triggers_impl.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "app/triggers_impl.hpp"

namespace docksweep::app {

using namespace std::chrono_literals;

namespace {

constexpr auto try_storage_again = 10s;
constexpr auto try_settling_again = 60s;
// The clock of a machine may be wrong at its start: nothing is forgotten so soon.
constexpr auto first_forgetting = 10min;
constexpr auto forget_every = 24h;

}  // namespace

task<void> triggers::impl::get_to_know_engine() {
  if (engine_id_.empty()) co_return;
  const std::string id = engine_id_;
  if (known_id_ != id && boot_now() >= try_storage_at_) {
    auto loading = load_memories(id);
    const bool loaded = co_await std::move(loading);
    if (!loaded) try_storage_at_ = boot_now() + try_storage_again;
  }
  if (settled_id_ != id && with_.node.health().up && boot_now() >= try_settling_at_) {
    auto settling = settle_crashes(id);
    const bool settled = co_await std::move(settling);
    if (settled) settled_id_ = id;
    if (!settled) try_settling_at_ = boot_now() + try_settling_again;
  }
}

task<bool> triggers::impl::load_memories(std::string engine_id) {
  auto loading = with_.record.load_policies(engine_id);
  auto memories = co_await std::move(loading);
  if (!memories) {
    storage_failed(memories.error());
    co_return false;
  }
  storage_problem_.clear();
  auto loading_alerts = book_.load(engine_id);
  const auto alerts = co_await std::move(loading_alerts);
  if (!alerts) {
    storage_failed(alerts.error());
    co_return false;
  }
  memories_ = *std::move(memories);
  const bool same_engine = known_id_ == engine_id;
  for (const auto& entry : entries_) {
    const auto kept = memories_.find(entry->policy.name);
    core::policy_memory memory;
    if (kept != memories_.end()) memory = kept->second;
    memory.policy = entry->policy.name;
    // The scheduled moment is this process's own matter, once it is known.
    if (same_engine) memory.last_scheduled = entry->memory.last_scheduled;
    if (!same_engine) {
      entry->ended_at = std::nullopt;
      entry->memory = {};
      entry->due = entry->next_moment = std::nullopt;
    }
    remember(*entry, std::move(memory));
  }
  if (!same_engine) restored_counted_ = 0;
  known_id_ = engine_id;
  ++revision_;
  co_return true;
}

// The wall clock tells when a run ended that another process made; from then on the boot clock counts, which no jump
// changes. An end in the future (the clock went back) is taken for one just now.
void triggers::impl::remember(policy_entry& entry, core::policy_memory memory) {
  if (memory.last_ended && memory.last_ended != entry.memory.last_ended) {
    const auto ago = std::max<std::chrono::nanoseconds>(0ns, wall_now() - *memory.last_ended);
    entry.ended_at = boot_now() - ago;
  }
  entry.memory = std::move(memory);
}

task<bool> triggers::impl::settle_crashes(std::string engine_id) {
  auto settling = with_.sweeps.settle(std::move(engine_id));
  const auto settled = co_await std::move(settling);
  if (!settled) {
    with_.log.log(log_level::warn, "sweeps_not_settled",
                  {{"why", settled.error().message}, {"next", "try again in a minute"}});
    co_return false;
  }
  if (!*settled) co_return false;  // another process sweeps: what a crash left waits until that has ended
  if (**settled > 0) with_.log.log(log_level::info, "sweeps_settled", {{"count", std::to_string(**settled)}});
  co_return true;
}

task<void> triggers::impl::ended(entry_pointer entry, core::sweep_record record) {
  // A reload while it ran has made another entry of the same policy.
  if (auto now = entry_named(entry->policy.name)) entry = std::move(now);
  entry->ended_at = boot_now();
  entry->memory.last_began = record.began;
  entry->memory.last_ended = record.ended.value_or(wall_now());
  if (record.outcome == core::sweep_outcome::reached) entry->memory.last_success = entry->memory.last_ended;
  ++revision_;
  auto saving = save(entry);
  co_await std::move(saving);
}

task<void> triggers::impl::save(entry_pointer entry) {
  if (known_id_.empty()) co_return;
  entry->unsaved = false;
  memories_[entry->policy.name] = entry->memory;
  auto saving = with_.record.save_policy(known_id_, entry->memory);
  const auto saved = co_await std::move(saving);
  if (!saved) storage_failed(saved.error());
}

void triggers::impl::storage_failed(const core::failure& why) {
  if (why.code == core::failure_code::cancelled || storage_problem_ == why.message) return;
  storage_problem_ = why.message;
  with_.log.log(log_level::error, "state_failed", {{"error", why.message}});
}

task<void> triggers::impl::follow_others() {
  wake_up never(executor_);
  for (;;) {
    auto looking = look_at_others();
    co_await std::move(looking);
    notice_pause();
    const auto wait = busy_ ? options_.look_at_others : std::max(options_.look_at_others, options_.look);
    auto pause = never.wait(std::chrono::steady_clock::now() + wait);
    co_await std::move(pause);
  }
}

task<void> triggers::impl::look_at_others() {
  auto asking = with_.record.writes_by_others();
  const auto writes = co_await std::move(asking);
  if (!writes) {
    storage_failed(writes.error());
    co_return;
  }
  if (writes_seen_ == *writes && pause_known_) co_return;
  auto reading = read_pause();
  const bool read = co_await std::move(reading);
  if (!read) co_return;
  // A pause counts at once, the rest can wait for it.
  notice_pause();
  if (!known_id_.empty()) {
    auto loading = load_memories(known_id_);
    const bool loaded = co_await std::move(loading);
    if (!loaded) co_return;
    auto counting = count_sweeps_of_others();
    const bool counted = co_await std::move(counting);
    if (!counted) co_return;
    auto counting_restored = count_restored();
    const bool restored = co_await std::move(counting_restored);
    if (!restored) co_return;
  }
  writes_seen_ = *writes;
}

task<bool> triggers::impl::read_pause() {
  auto reading = with_.record.load_pause();
  auto found = co_await std::move(reading);
  if (!found) {
    storage_failed(found.error());
    co_return false;
  }
  pause_ = *std::move(found);
  pause_known_ = true;
  co_return true;
}

void triggers::impl::notice_pause() {
  const bool paused = core::is_paused(pause_, wall_now());
  // Each time, because a sweep may have begun in the moment before.
  if (paused && busy_) with_.sweeps.stop(fmt::format("paused by {}: {}", pause_->actor, pause_->reason));
  if (paused == was_paused_) return;
  was_paused_ = paused;
  ++revision_;
  if (paused) {
    with_.log.log(log_level::warn, "paused", {{"actor", pause_->actor}, {"reason", pause_->reason}});
  } else {
    with_.log.log(log_level::info, "resumed");
  }
}

task<void> triggers::impl::forget_old_history() {
  wake_up never(executor_);
  auto at = std::chrono::steady_clock::now() + first_forgetting;
  for (;;) {
    auto pause = never.wait(at);
    co_await std::move(pause);
    auto forgetting = with_.record.forget_history_before(wall_now() - options_.history);
    const auto forgotten = co_await std::move(forgetting);
    if (!forgotten) storage_failed(forgotten.error());
    auto forgetting_alerts = forget_old_alerts();
    co_await std::move(forgetting_alerts);
    at = std::chrono::steady_clock::now() + forget_every;
  }
}

}  // namespace docksweep::app
