// Sweeps that other processes made (docksweep sweep, docksweep remove) count like our own: they are found on the
// record. See triggers_impl.hpp.
#include <algorithm>

#include "app/triggers_impl.hpp"

namespace docksweep::app {

namespace {

void count_removal(sweep_telemetry& counts, const core::sweep_record& sweep, const core::removal_record& one) {
  switch (one.outcome) {
    case core::removal_outcome::removed:
      counts.removed(sweep.policy, one.kind);
      counts.bytes(one.kind, one.predicted.at_least, one.freed.value_or(one.predicted.at_least));
      return;
    case core::removal_outcome::refused:
      return counts.removal_failed(removal_failure::conflict);
    case core::removal_outcome::failed:
      return counts.removal_failed(removal_failure::engine);
    case core::removal_outcome::unknown:
      return counts.removal_failed(removal_failure::timeout);
    default:
      return;
  }
}

}  // namespace

// Those that began while this agent watches; each once, when it has ended.
task<bool> triggers::impl::count_sweeps_of_others() {
  // Our own is told from others' by its ID, which is known when it has ended.
  if (busy_ || known_id_.empty()) co_return false;
  history_query query;
  query.engine_id = known_id_;
  query.since = watching_since_;
  auto loading = with_.record.load_history(std::move(query));
  const auto page = co_await std::move(loading);
  if (!page) {
    storage_failed(page.error());
    co_return false;
  }
  if (busy_) co_return false;
  for (const auto& sweep : page->sweeps) {
    if (!sweep.ended || sweep.policy.empty() || counted_sweeps_.contains(sweep.id)) continue;
    // Only now: any write by others leads here, and a record of removals is long.
    history_query of_sweep;
    of_sweep.engine_id = known_id_;
    of_sweep.sweep_id = sweep.id;
    of_sweep.with_removals = true;
    auto reading = with_.record.load_history(std::move(of_sweep));
    const auto whole = co_await std::move(reading);
    if (!whole) {
      storage_failed(whole.error());
      co_return false;
    }
    if (!counted_sweeps_.insert(sweep.id).second) continue;
    swept();
    with_.counts.sweep_ended(sweep, std::max(*sweep.ended - sweep.began, core::instant::duration(0)));
    for (const auto& one : whole->removals) {
      if (one.sweep_id == sweep.id) count_removal(with_.counts, sweep, one);
    }
  }
  co_return true;
}

// docksweep restore runs in processes of its own.
task<bool> triggers::impl::count_restored() {
  if (known_id_.empty()) co_return false;
  auto counting = with_.record.count_restored_since(known_id_, watching_since_);
  const auto count = co_await std::move(counting);
  if (!count) {
    storage_failed(count.error());
    co_return false;
  }
  with_.counts.restored(*count - restored_counted_);
  restored_counted_ = std::max(restored_counted_, *count);
  co_return true;
}

}  // namespace docksweep::app
