// Alerts: which policies they are to start, and which of them are known already. See triggers_impl.hpp.
//
// One sweep for one occurrence of an alert (fingerprint and start): it is told again and again while it fires, by each
// Alertmanager of a cluster and at each poll, and starts its policy once. One that still fires when the policy has
// cooled down starts it no second time; one that ends and fires again does. What may not run yet waits while it fires.
#include <fmt/format.h>

#include <algorithm>

#include "app/triggers_impl.hpp"

namespace docksweep::app {

using namespace std::chrono_literals;
using core::alert_state;

namespace {

// More wait for nothing that a person would want: a sender that makes up labels.
constexpr std::size_t most_waiting = 1000;
// Alertmanager repeats itself at least every repeat_interval (4 h at its default, hardly ever more than a day). What
// was not told of for longer has ended while nobody could hear it.
constexpr auto silent_too_long = 25h;
// So long an occurrence is remembered after it was told of for the last time, however short the history is.
constexpr auto remembered_for = 7 * 24h;

std::vector<core::alert_key> keys_of(const std::vector<core::alert_record>& alerts) {
  std::vector<core::alert_key> keys;
  for (const auto& one : alerts) keys.push_back(one.key);
  return keys;
}

}  // namespace

std::string cause_of(const std::vector<core::alert_record>& waiting) {
  const auto& first = waiting.front();
  auto cause = fmt::format("alert {} by {}", first.text, to_string(first.source));
  if (waiting.size() > 1) cause += fmt::format(" (and {} more)", waiting.size() - 1);
  return cause;
}

void triggers::impl::log_alert(log_level level, std::string_view event, const core::alert_record& one) {
  with_.log.log(level, event,
                {{"policy", one.key.policy},
                 {"alert", one.text},
                 {"fingerprint", one.key.fingerprint},
                 {"source", std::string(to_string(one.source))}});
}

core::alert_record triggers::impl::record_of(const core::alert& one, core::alert_source source, std::string policy) {
  return {.key = {.policy = std::move(policy), .fingerprint = one.fingerprint, .starts_at = one.starts_at},
          .state = alert_state::waiting,
          .source = source,
          .text = core::to_text(one),
          .heard_at = wall_now()};
}

bool triggers::impl::is_about_this_node(const core::alert& one) const {
  return core::all_fit(options_.node, one.labels);
}

bool triggers::impl::alerts_are_known() const {
  return !known_id_.empty() && known_id_ == engine_id_;
}

task<core::result<std::vector<alert_verdict>>> triggers::impl::on_alerts(core::alert_batch batch) {
  if (!alerts_are_known()) {
    co_return core::fail(core::failure_code::unreachable,
                         "no engine is known yet, so that no alert can be put on record: send it again");
  }
  std::vector<alert_verdict> verdicts(batch.alerts.size());
  std::vector<core::alert_record> fresh;
  std::vector<core::alert_key> heard, resolved;
  for (std::size_t i = 0; i < batch.alerts.size(); ++i) {
    const auto& one = batch.alerts[i];
    auto& verdict = verdicts[i];
    with_.alert_counts.alert_received(batch.source, one.firing);
    const auto note = [&](std::string_view event) {
      log_alert(log_level::debug, event, record_of(one, batch.source, {}));
    };
    note("alert_received");
    if (!is_about_this_node(one)) {
      verdict.result = alert_result::other_node;
      with_.alert_counts.alert_rejected(alert_rejection::other_node);
      note("alert_other_node");
      continue;
    }
    for (const auto& entry : entries_) {
      const auto& wanted = entry->policy.when.alerts;
      if (!wanted.empty() && core::all_fit(wanted, one.labels)) verdict.policies.push_back(entry->policy.name);
    }
    if (verdict.policies.empty()) {
      verdict.result = alert_result::unmatched;
      with_.alert_counts.alert_rejected(alert_rejection::unmatched);
      note("alert_unmatched");
      continue;
    }
    verdict.result = one.firing ? alert_result::duplicate : alert_result::resolved;
    for (const auto& policy : verdict.policies) {
      auto made = record_of(one, batch.source, policy);
      const auto* known = book_.find(made.key);
      if (!one.firing) {
        log_alert(log_level::info, "alert_resolved", made);
        if (known != nullptr && known->state == alert_state::waiting) resolved.push_back(made.key);
      } else if (known != nullptr) {
        log_alert(log_level::debug, "alert_duplicate", made);
        heard.push_back(made.key);
      } else {
        fresh.push_back(std::move(made));
      }
    }
  }
  if (!fresh.empty() && book_.waiting() + fresh.size() > most_waiting) {
    co_return core::fail(core::failure_code::too_large,
                         fmt::format("{} alerts wait already, and no more are taken: see why their policies cannot run "
                                     "(docksweep_sweeps_skipped_total says why)",
                                     book_.waiting()));
  }
  if (!resolved.empty()) {
    auto ending = book_.move(std::move(resolved), alert_state::waiting, alert_state::resolved);
    const auto ended = co_await std::move(ending);
    if (!ended) co_return std::unexpected(ended.error());
  }
  if (!heard.empty()) {
    auto hearing = book_.hear(std::move(heard), wall_now());
    const auto written = co_await std::move(hearing);
    if (!written) storage_failed(written.error());
  }
  if (fresh.empty()) co_return verdicts;
  auto queueing = queue(std::move(fresh));
  const auto queued = co_await std::move(queueing);
  if (!queued) co_return std::unexpected(queued.error());
  for (std::size_t i = 0; i < batch.alerts.size(); ++i) {
    for (const auto& policy : verdicts[i].policies) {
      const auto key = record_of(batch.alerts[i], batch.source, policy).key;
      if (!batch.alerts[i].firing || std::ranges::find(*queued, key) == queued->end()) continue;
      const bool cools = cools_down(policy);
      if (!cools) verdicts[i].result = alert_result::queued;
      if (cools && verdicts[i].result == alert_result::duplicate) verdicts[i].result = alert_result::cooling_down;
    }
  }
  co_return verdicts;
}

// Puts them on record; returns those that nobody has put there before.
task<core::result<std::vector<core::alert_key>>> triggers::impl::queue(std::vector<core::alert_record> fresh) {
  auto adding = book_.add(fresh);
  const auto added = co_await std::move(adding);
  if (!added) co_return std::unexpected(added.error());
  std::vector<core::alert_key> queued;
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    log_alert(added->at(i) ? log_level::info : log_level::debug, added->at(i) ? "alert_queued" : "alert_duplicate",
              fresh[i]);
    if (added->at(i)) queued.push_back(fresh[i].key);
  }
  look_asked_ = true;
  look_wake_.notify();
  co_return queued;
}

bool triggers::impl::cools_down(const std::string& policy) const {
  const auto entry = entry_named(policy);
  if (entry == nullptr || !entry->ended_at || entry->observed) return false;
  return boot_now() - *entry->ended_at < entry->policy.cooldown;
}

// What fires now, as Alertmanager was asked: what it told of before and does not any more has ended, or is silenced;
// and what had ended here and fires there (its silence is over) is to start its policy after all.
task<core::result<void>> triggers::impl::on_poll(std::string policy, std::vector<core::alert> active) {
  const auto* which = find(policy);
  if (!alerts_are_known() || which == nullptr || which->when.alerts.empty()) co_return core::result<void>();
  std::erase_if(active, [&](const core::alert& one) {
    return !one.firing || !core::all_fit(which->when.alerts, one.labels) || !is_about_this_node(one);
  });
  std::vector<core::alert_record> fresh;
  std::vector<core::alert_key> there, back, ended;
  for (const auto& one : active) {
    auto made = record_of(one, core::alert_source::alertmanager, policy);
    there.push_back(made.key);
    const auto* known = book_.find(made.key);
    if (known != nullptr && known->state == alert_state::resolved) back.push_back(made.key);
    if (known == nullptr && book_.waiting() + fresh.size() < most_waiting) fresh.push_back(std::move(made));
  }
  for (const auto& one : book_.waiting_for(policy)) {
    const bool gone = std::ranges::find(there, one.key) == there.end();
    if (!gone || one.source != core::alert_source::alertmanager) continue;
    log_alert(log_level::info, "alert_resolved", one);
    ended.push_back(one.key);
  }
  if (!ended.empty()) {
    auto moving = book_.move(std::move(ended), alert_state::waiting, alert_state::resolved);
    const auto moved = co_await std::move(moving);
    if (!moved) co_return std::unexpected(moved.error());
  }
  if (!back.empty()) {
    auto moving = book_.move(std::move(back), alert_state::resolved, alert_state::waiting);
    const auto moved = co_await std::move(moving);
    if (!moved) co_return std::unexpected(moved.error());
  }
  auto hearing = book_.hear(std::move(there), wall_now());
  const auto heard = co_await std::move(hearing);
  if (!heard) co_return std::unexpected(heard.error());
  if (fresh.empty()) co_return core::result<void>();
  auto queueing = queue(std::move(fresh));
  const auto queued = co_await std::move(queueing);
  if (!queued) co_return std::unexpected(queued.error());
  co_return core::result<void>();
}

std::vector<core::alert_record> triggers::impl::waiting_alerts(const policy_entry& entry) const {
  if (entry.policy.when.alerts.empty() || !alerts_are_known()) return {};
  return book_.waiting_for(entry.policy.name);
}

task<void> triggers::impl::end_silent_alerts() {
  if (!alerts_are_known()) co_return;
  const auto silent = book_.waiting_unheard_since(wall_now() - silent_too_long);
  if (silent.empty()) co_return;
  for (const auto& one : silent) log_alert(log_level::warn, "alert_expired", one);
  auto moving = book_.move(keys_of(silent), alert_state::waiting, alert_state::resolved);
  const auto moved = co_await std::move(moving);
  if (!moved) storage_failed(moved.error());
}

// Before its sweep: of two processes that share the record one goes on. From here on these alerts start no other sweep,
// also when this process dies before its own has begun.
task<std::vector<core::alert_record>> triggers::impl::take_alerts(const policy_entry& entry) {
  auto waiting = waiting_alerts(entry);
  auto taking = book_.move(keys_of(waiting), alert_state::waiting, alert_state::begun);
  const auto taken = co_await std::move(taking);
  if (!taken) {
    storage_failed(taken.error());
    co_return std::vector<core::alert_record>();
  }
  std::vector<core::alert_record> ours;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (!taken->at(i)) continue;
    log_alert(log_level::info, "alert_begun", waiting[i]);
    ours.push_back(std::move(waiting[i]));
  }
  co_return ours;
}

// The sweep did not begin: they wait on.
task<void> triggers::impl::give_alerts_back(std::vector<core::alert_record> alerts) {
  auto moving = book_.move(keys_of(alerts), alert_state::begun, alert_state::waiting);
  const auto moved = co_await std::move(moving);
  if (!moved) storage_failed(moved.error());
}

task<void> triggers::impl::forget_old_alerts() {
  const auto kept = std::max<std::chrono::milliseconds>(options_.history, remembered_for);
  auto forgetting = with_.alerts.forget_alerts_before(wall_now() - kept);
  const auto forgotten = co_await std::move(forgetting);
  if (!forgotten) storage_failed(forgotten.error());
}

}  // namespace docksweep::app
