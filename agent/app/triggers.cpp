// The frame of triggers, and its looks: what is beyond its threshold, which schedule is due. See triggers_impl.hpp.
#include "app/triggers.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "app/stopped.hpp"
#include "app/triggers_impl.hpp"

namespace docksweep::app {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

constexpr auto find_paths_every = 10s;

}  // namespace

triggers::impl::impl(asio::any_io_executor executor, parts with, std::vector<core::policy> policies,
                     core::keep_rules general_keep, trigger_options options)
    : executor_(executor),
      with_(std::move(with)),
      options_(std::move(options)),
      keep_(std::move(general_keep)),
      book_(with_.alerts),
      disks_(with_.file_systems, with_.log),
      stopped_(with_.engine),
      look_wake_(executor),
      run_wake_(executor),
      idle_wake_(executor),
      stopped_wake_(executor),
      asked_wake_(executor),
      started_at_(boot_now()),
      watching_since_(wall_now()) {
  for (auto& policy : policies) {
    auto entry = std::make_shared<policy_entry>();
    entry->memory.policy = policy.name;
    entry->policy = std::move(policy);
    entries_.push_back(std::move(entry));
  }
}

triggers::impl::moment triggers::impl::boot_now() const {
  return app::boot_now(with_.time);
}

task<void> triggers::impl::run() {
  try {
    auto all =
        look_again_and_again() && run_what_is_due() && follow_others() && keep_stopped_known() && forget_old_history();
    co_await std::move(all);
  } catch (const std::exception& fault) {
    if (!means_stopped(fault)) throw;
  }
}

task<void> triggers::impl::look_again_and_again() {
  for (;;) {
    look_asked_ = false;
    auto one = look();
    co_await std::move(one);
    if (look_asked_) continue;
    auto pause = look_wake_.wait(std::chrono::steady_clock::now() + options_.look);
    co_await std::move(pause);
  }
}

task<void> triggers::impl::look() {
  follow_engine();
  auto measuring = disks_.measure(paths_to_watch(), boot_now());
  co_await std::move(measuring);
  for (const auto& entry : entries_) {
    look_at_quantities(*entry);
    look_at_schedule(*entry);
  }
  tell_of_older_plans();
  ++looks_;
  run_wake_.notify();
}

// The engine came, came back, or is another one: settling begins anew. The view's age is taken by the boot clock, so
// that a jump of the wall clock makes no view old.
void triggers::impl::follow_engine() {
  const bool up = with_.node.health().up;
  const auto& id = with_.node.engine_found().id;
  if (id != engine_id_ || (up && !was_up_)) started_at_ = boot_now();
  if (id != engine_id_) {
    engine_id_ = id;
    paths_.clear();
    for (const auto& entry : entries_) {
      entry->offset = core::splay_offset(id, entry->policy.name, entry->policy.splay);
    }
  }
  was_up_ = up;
  const auto node = with_.node.current();
  if (node == nullptr || node->what().complete_at == complete_at_) return;
  complete_at_ = node->what().complete_at;
  complete_seen_at_ = boot_now();
}

std::vector<std::string> triggers::impl::paths_to_watch() {
  const auto now = boot_now();
  if (paths_.empty() || now - paths_at_ >= find_paths_every) {
    paths_ = with_.watched_paths();
    paths_at_ = now;
  }
  return paths_;
}

void triggers::impl::look_at_quantities(policy_entry& entry) {
  entry.held.clear();
  const auto node = with_.node.current();
  if (entry.policy.when.quantities.empty() || node == nullptr) return;
  const auto found = beyond_now(entry.policy.when, disks_.newest(), [&](core::quantity what, const std::string& path) {
    return read_quantity(what, path);
  });
  entry.held = entry.hold.look(found, entry.policy.when.hold, boot_now());
}

void triggers::impl::look_at_schedule(policy_entry& entry) {
  const auto& when = entry.policy.when;
  if (!when.schedule || known_id_.empty() || known_id_ != engine_id_) return;
  const auto now = wall_now();
  const auto handled = entry.memory.last_scheduled.value_or(now);
  const bool clock_was_wrong = handled > now + options_.missed_after;
  if (entry.next_moment && *entry.next_moment + entry.offset > now && !clock_was_wrong) return;
  const schedule_rule rule{&*when.schedule, when.zone, entry.offset, options_.missed_after};
  const auto answer = app::look_at_schedule(rule, handled, now);
  entry.due = answer.due;
  for (int i = 0; i < answer.missed; ++i) with_.counts.schedule_missed(entry.policy.name);
  if (answer.missed > 0) {
    with_.log.log(log_level::warn, "schedule_missed",
                  {{"policy", entry.policy.name}, {"count", std::to_string(answer.missed)}});
  }
  if (entry.memory.last_scheduled != answer.handled) {
    entry.memory.last_scheduled = answer.handled;
    entry.unsaved = true;
    ++revision_;
  }
  // While a run is due the next look has to see whether it has become too late, or a newer one took its place.
  entry.next_moment = answer.due ? std::nullopt : when.schedule->next_after(answer.handled, when.zone);
}

void triggers::impl::take_over(std::vector<core::policy> policies, core::keep_rules general_keep,
                               trigger_options options) {
  std::vector<entry_pointer> fresh;
  for (auto& policy : policies) {
    const auto before = entry_named(policy.name);
    const bool known = before != nullptr;
    const bool same = known && before->policy == policy;
    if (!same && running_policy_ == policy.name) with_.sweeps.stop("the configuration of this policy has changed");
    auto entry = known ? before : std::make_shared<policy_entry>();
    if (!same && known) {
      entry = std::make_shared<policy_entry>(*before);
      entry->plan = nullptr;
      entry->due = entry->next_moment = std::nullopt;
      entry->threshold_rests_until = policy_entry::moment(0);
      entry->observed_at = std::nullopt;
      // Another schedule has nothing to make up for.
      if (entry->policy.when.schedule != policy.when.schedule) entry->memory.last_scheduled = wall_now();
    }
    if (!known) {
      entry->memory.policy = policy.name;
      if (const auto kept = memories_.find(policy.name); kept != memories_.end()) entry->memory = kept->second;
    }
    entry->offset = core::splay_offset(engine_id_, policy.name, policy.splay);
    entry->policy = std::move(policy);
    fresh.push_back(std::move(entry));
  }
  const bool running_is_gone =
      std::ranges::none_of(fresh, [this](const auto& one) { return one->policy.name == running_policy_; });
  if (busy_ && running_is_gone) with_.sweeps.stop("the configuration no longer has this policy");
  entries_ = std::move(fresh);
  keep_ = std::move(general_keep);
  options_ = std::move(options);
  paths_.clear();
  plans_at_ = protected_at_ = std::nullopt;
  ++revision_;
  look_asked_ = true;
  look_wake_.notify();
}

task<void> triggers::impl::wind_down(std::string why, std::chrono::milliseconds at_most) {
  ending_ = true;
  const auto until = std::chrono::steady_clock::now() + at_most;
  if (busy_) with_.sweeps.stop(std::move(why));
  while (busy_ && std::chrono::steady_clock::now() < until) {
    auto pause = idle_wake_.wait(until);
    co_await std::move(pause);
  }
}

triggers::impl::entry_pointer triggers::impl::entry_named(std::string_view policy) const {
  const auto is_it = [policy](const auto& one) { return one->policy.name == policy; };
  const auto at = std::ranges::find_if(entries_, is_it);
  return at == entries_.end() ? nullptr : *at;
}

const core::policy* triggers::impl::find(std::string_view name) const {
  const auto entry = entry_named(name);
  return entry == nullptr ? nullptr : &entry->policy;
}

std::string_view to_string(alert_result result) {
  switch (result) {
    case alert_result::queued:
      return "queued";
    case alert_result::cooling_down:
      return "cooling_down";
    case alert_result::duplicate:
      return "duplicate";
    case alert_result::resolved:
      return "resolved";
    case alert_result::other_node:
      return "other_node";
    case alert_result::unmatched:
      return "unmatched";
  }
  return "unknown";
}

triggers::triggers(asio::any_io_executor executor, parts with, std::vector<core::policy> policies,
                   core::keep_rules general_keep, trigger_options options)
    : impl_(std::make_unique<impl>(std::move(executor), std::move(with), std::move(policies), std::move(general_keep),
                                   std::move(options))) {}
triggers::~triggers() = default;

task<void> triggers::run() {
  return impl_->run();
}
void triggers::view_changed() {
  impl_->look_asked_ = true;
  impl_->look_wake_.notify();
}
void triggers::on_event(const core::engine_event& event) {
  if (event.kind == core::event_kind::container) impl_->stopped_.forget(event.id);
}
task<void> triggers::wind_down(std::string why, std::chrono::milliseconds at_most) {
  return impl_->wind_down(std::move(why), at_most);
}
void triggers::take_over(std::vector<core::policy> policies, core::keep_rules general_keep, trigger_options options) {
  impl_->take_over(std::move(policies), std::move(general_keep), std::move(options));
}
std::vector<policy_status> triggers::status() const {
  return impl_->status();
}
std::vector<core::file_system> triggers::file_systems() const {
  return impl_->disks_.shown();
}
std::vector<std::optional<core::reason>> triggers::protections() const {
  return impl_->protections();
}
std::optional<core::pause_state> triggers::paused() const {
  return core::is_paused(impl_->pause_, impl_->wall_now()) ? impl_->pause_ : std::nullopt;
}
const core::policy* triggers::find(std::string_view name) const {
  return impl_->find(name);
}
task<core::result<std::vector<alert_verdict>>> triggers::on_alerts(core::alert_batch batch) {
  return impl_->on_alerts(std::move(batch));
}
task<core::result<std::int64_t>> triggers::sweep_now(std::string policy, std::string actor) {
  return impl_->sweep_now(std::move(policy), std::move(actor));
}
task<core::result<void>> triggers::on_poll(std::string policy, std::vector<core::alert> active) {
  return impl_->on_poll(std::move(policy), std::move(active));
}
std::uint64_t triggers::revision() const {
  return impl_->revision_ + impl_->disks_.revision();
}

}  // namespace docksweep::app
