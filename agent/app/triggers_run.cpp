// What is due goes through the gate, to a plan, to the sweeper; and what becomes of it. See triggers_impl.hpp.
#include <algorithm>

#include "app/triggers_impl.hpp"

namespace docksweep::app {

using namespace std::chrono_literals;

namespace {

// A plan without a step is made again when the view has changed, or this has passed (age makes candidates).
constexpr auto rest_after_plan = 1s;
constexpr auto rest_after_nothing = 10s;
// Another process sweeps: ask again soon, but not at every look.
constexpr auto rest_after_running = 5s;
// Right after a sweep the view may still be one of before.
constexpr auto view_catches_up = 5s;
// A start that takes longer is told: something cannot be read.
constexpr auto reading_takes = 60s;
// Something is broken (no lock file, no durable record): it will not be well a second later.
constexpr auto rest_after_fault = 60s;
// A threshold that a sweep without any removal left crossed would start the same one over and over, whatever the
// cooldown: each puts its whole plan on record.
constexpr auto rest_after_observed = 10min;
constexpr auto rest_after_no_removal = 1min;
// The same plan is not put on record again so soon; shadow regrets look back no further.
constexpr auto observed_lasts = 24h;

std::vector<std::string> sorted_ids(const core::plan& plan) {
  std::vector<std::string> ids;
  for (const auto& step : plan.steps) ids.push_back(step.id);
  std::ranges::sort(ids);
  return ids;
}

}  // namespace

task<void> triggers::impl::run_what_is_due() {
  std::uint64_t seen = 0;
  for (;;) {
    if (seen == looks_ && asked_ == nullptr) {
      auto pause = run_wake_.wait(std::chrono::steady_clock::time_point::max());
      co_await std::move(pause);
      continue;
    }
    seen = looks_;
    auto knowing = get_to_know_engine();
    co_await std::move(knowing);
    auto ending = end_silent_alerts();
    co_await std::move(ending);
    auto asked = run_what_was_asked_for();
    co_await std::move(asked);
    const auto all = entries_;  // a reload may replace them meanwhile
    for (const auto& entry : all) {
      if (!is_current(entry)) continue;
      auto one = consider(entry);
      co_await std::move(one);
      if (!entry->unsaved) continue;
      auto saving = save(entry);
      co_await std::move(saving);
    }
  }
}

bool triggers::impl::is_current(const entry_pointer& entry) const {
  return std::ranges::find(entries_, entry) != entries_.end();
}

task<void> triggers::impl::consider(entry_pointer entry) {
  if (ending_) co_return;
  const bool threshold = !entry->held.empty();
  const auto waiting = waiting_alerts(*entry);
  if (!threshold && !entry->due && waiting.empty()) {
    entry->counted.clear();
    co_return;
  }
  const bool by_alert = !threshold && !entry->due;
  const auto occasion = threshold ? std::nullopt : by_alert ? std::optional(waiting.front().key.starts_at) : entry->due;
  if (occasion != entry->occasion) entry->counted.clear();
  entry->occasion = occasion;

  const auto trigger = threshold  ? core::sweep_trigger::threshold
                       : by_alert ? core::sweep_trigger::alert
                                  : core::sweep_trigger::schedule;
  const std::string cause = threshold  ? to_text(entry->held.front())
                            : by_alert ? cause_of(waiting)
                                       : "schedule " + entry->policy.when.schedule->text();
  const std::string path = threshold ? entry->held.front().path : std::string();
  if (just_started()) co_return;
  if (const auto why = why_not_now(*entry)) {
    skip(*entry, *why, cause);
    co_return;
  }
  if (!sees_what_was_swept()) co_return;
  const auto now = boot_now();
  if (now < entry->not_before || (threshold && now < entry->threshold_rests_until)) co_return;
  if (now < entry->nothing_until && entry->nothing_in.lock() == with_.node.current()) co_return;

  const core::policy policy = entry->policy;
  auto planning = make_plan(policy, path);
  auto made = co_await std::move(planning);
  if (!is_current(entry) || ending_) co_return;
  // Time has passed: what spoke for it may speak against it now.
  if (const auto why = why_not_now(*entry)) {
    skip(*entry, *why, cause);
    co_return;
  }
  if (!made || made->plan.partial) {
    skip(*entry, skip_reason::stale_inventory, cause);
    co_return;
  }
  if (made->plan.steps.empty() || made->plan.goal_step == 0U) {
    skip(*entry, skip_reason::nothing_to_do, cause);
    entry->not_before = boot_now() + rest_after_plan;
    entry->nothing_until = boot_now() + rest_after_nothing;
    entry->nothing_in = made->node;
    auto done = scheduled_done(entry);
    co_await std::move(done);
    co_return;
  }
  auto working = sweep(entry, *std::move(made), trigger, cause);
  co_await std::move(working);
}

// Everything that a plan is made of has been read.
bool triggers::impl::knows_everything() const {
  const auto node = with_.node.current();
  return node != nullptr && node->what().unreadable == 0 && with_.node.details_known() && with_.usage.ready() &&
         known_id_ == engine_id_ && !known_id_.empty() && pause_known_;
}

// What is still being read after a start is no occasion that anybody would want counted.
bool triggers::impl::just_started() const {
  return with_.node.health().up && !knows_everything() && boot_now() - started_at_ < reading_takes;
}

void triggers::impl::swept() {
  swept_at_ = std::chrono::steady_clock::now();
  with_.node.request_resync();
}

// A view of before, or of the middle of a sweep, still has images that are gone: a second sweep for them would come to
// nothing, and put that on record.
bool triggers::impl::sees_what_was_swept() const {
  return !swept_at_ || with_.node.listed_since() >= swept_at_;
}

std::optional<skip_reason> triggers::impl::why_not_now(const policy_entry& entry, asked_by whom) const {
  const auto node = with_.node.current();
  const auto boot = boot_now();
  const auto wall = wall_now();
  gate_facts facts{.engine_up = with_.node.health().up && node != nullptr,
                   .complete = knows_everything(),
                   .view_age = boot - complete_seen_at_,
                   .stale_after = 3 * options_.resync,
                   .last_listing = with_.node.last_refresh(),
                   .slow_listing = node == nullptr ? options_.slow_listing
                                                   : slow_listing(node->what().engine.store, node->what().images.size(),
                                                                  options_.slow_listing),
                   .paused = core::is_paused(pause_, wall),
                   .in_window = core::in_window(entry.policy, wall),
                   .since_start = boot - started_at_,
                   .settle = options_.settle,
                   .fullest_disk = disks_.fullest(),
                   .settle_ends_above = options_.settle_ends_above,
                   .rested = std::nullopt,
                   .cooldown = entry.policy.cooldown};
  if (whom == asked_by::somebody) {
    facts.in_window = true;
    facts.settle = std::chrono::nanoseconds(0);
    return why_not(facts);
  }
  if (entry.ended_at) facts.rested = boot - *entry.ended_at;
  return why_not(facts);
}

// Once per occasion: what lasts, or comes back while the trigger holds, is one.
void triggers::impl::skip(policy_entry& entry, skip_reason why, const std::string& cause) {
  if (why == skip_reason::engine_slow) with_.node.request_resync();  // at most a tenth of the time goes into listings
  if (why == skip_reason::cooldown && entry.ended_at && boot_now() - *entry.ended_at < view_catches_up) return;
  if (why == skip_reason::cooldown && entry.observed) return;  // nothing was removed: nothing to cool down from
  if (!entry.counted.insert(why).second) return;
  with_.counts.sweep_skipped(entry.policy.name, why);
  with_.log.log(log_level::info, "sweep_skipped",
                {{"policy", entry.policy.name}, {"reason", std::string(to_string(why))}, {"cause", cause}});
}

task<void> triggers::impl::sweep(entry_pointer entry, planned what, core::sweep_trigger trigger, std::string cause,
                                 std::shared_ptr<asked_sweep> asked) {
  const bool enforce = entry->policy.mode == core::mode::enforce && with_.durable;
  const bool threshold = trigger == core::sweep_trigger::threshold;
  const auto rest =
      std::max<std::chrono::nanoseconds>(entry->policy.cooldown, enforce ? rest_after_no_removal : rest_after_observed);
  auto steps = sorted_ids(what.plan);
  if (!enforce && threshold && observed_before(*entry, steps)) {
    entry->threshold_rests_until = boot_now() + rest;
    skip(*entry, skip_reason::observe, cause);
    co_return;
  }
  std::vector<core::alert_record> alerts;
  if (trigger == core::sweep_trigger::alert) {
    auto taking = take_alerts(*entry);
    alerts = co_await std::move(taking);
    if (alerts.empty() || !is_current(entry) || ending_) {
      if (alerts.empty()) co_return;  // another process was first, or they have ended
      auto giving = give_alerts_back(std::move(alerts));
      co_await std::move(giving);
      co_return;
    }
    cause = cause_of(alerts);
  }
  sweep_request request;
  request.policy = entry->policy;
  request.plan = std::move(what.plan);
  request.node = std::move(what.node);
  request.usage = &with_.usage.usage();
  request.stopped = &stopped_.known();
  request.watched_paths = paths_;
  request.trigger = trigger;
  request.actor = asked ? asked->actor : "agent";
  request.cause = cause;
  request.enforce = enforce;
  request.used_since = [this, planned = request.plan.made_at](const core::plan_step& step) {
    const core::node_usage& usage = with_.usage.usage();
    const auto* use = (step.kind == core::target_kind::volume ? usage.volumes : usage.images).find(step.id);
    return use != nullptr && use->last_used > planned;
  };

  struct busy_while {
    impl& self;
    explicit busy_while(impl& of) : self(of) { self.busy_ = true; }
    ~busy_while() {
      self.busy_ = false;
      self.running_policy_.clear();
      self.idle_wake_.notify();
    }
    busy_while(const busy_while&) = delete;
    busy_while& operator=(const busy_while&) = delete;
  };
  // Until the end is written down: who waits for it may end the process then.
  const busy_while here(*this);
  running_policy_ = entry->policy.name;
  sweep_observer observer;
  observer.ended = [this](const core::removal_record& removal) { not_safe_.note(removal, boot_now()); };
  if (asked) {
    observer.progress = [this, asked](const sweep_progress& now) {
      asked->answer(now.sweep_id);
      asked_wake_.notify();
    };
  }
  auto working = with_.sweeps.run(std::move(request), std::move(observer));
  const auto outcome = co_await std::move(working);
  if (!outcome && asked) {
    refuse(*asked, outcome.error());
    co_return;
  }
  if (asked) asked->answer(outcome->id);
  if (!outcome) {
    not_begun(*entry, outcome.error(), cause);
    if (alerts.empty()) co_return;
    auto giving = give_alerts_back(std::move(alerts));
    co_await std::move(giving);
    co_return;
  }
  counted_sweeps_.insert(outcome->id);  // before anything waits: the record shows it from now on
  if (enforce) {
    swept();
  } else {
    skip(*entry, skip_reason::observe, cause);
  }
  entry->counted.clear();
  entry->observed = !enforce;
  if (!enforce) {
    entry->observed_steps = std::move(steps);
    entry->observed_at = boot_now();
  }
  if (threshold && outcome->removed == 0) entry->threshold_rests_until = boot_now() + rest;
  if (trigger == core::sweep_trigger::schedule) {
    auto done = scheduled_done(entry);
    co_await std::move(done);
  }
  auto remembering = ended(entry, *outcome);
  co_await std::move(remembering);
}

bool triggers::impl::observed_before(const policy_entry& entry, const std::vector<std::string>& steps) const {
  return entry.observed_at && boot_now() - *entry.observed_at < observed_lasts && entry.observed_steps == steps;
}

void triggers::impl::not_begun(policy_entry& entry, const sweep_refusal& refusal, const std::string& cause) {
  entry.not_before = boot_now() + (refusal.is_fault ? rest_after_fault : rest_after_running);
  if (!refusal.is_fault) return skip(entry, refusal.why, cause);
  with_.log.log(log_level::error, "sweep_not_begun",
                {{"policy", entry.policy.name}, {"cause", cause}, {"why", refusal.message}});
}

// The scheduled moment is dealt with, whatever came of it.
task<void> triggers::impl::scheduled_done(entry_pointer entry) {
  if (!entry->due) co_return;
  entry->memory.last_scheduled = *entry->due;
  entry->due = entry->next_moment = std::nullopt;
  ++revision_;
  auto saving = save(entry);
  co_await std::move(saving);
}

}  // namespace docksweep::app
