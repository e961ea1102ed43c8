// Sweeps that somebody asks the agent for (POST /api/v1/sweep): as `docksweep sweep` does it, so windows, cooldown and
// settle do not hold; a pause does, and all that speaks against any sweep. See triggers_impl.hpp.
#include <fmt/format.h>

#include "app/triggers_impl.hpp"

namespace docksweep::app {

using namespace std::chrono_literals;
using core::failure_code;

namespace {

// A plan that removes containers asks the engine about each.
constexpr auto begins_within = 60s;

core::failure failure_of(skip_reason why, const std::string& policy) {
  switch (why) {
    case skip_reason::engine_down:
      return {failure_code::unreachable, "The engine does not answer: nothing was removed.", 0};
    case skip_reason::engine_slow:
      return {failure_code::unreachable, "The engine answers slowly now, and it comes first: try again later.", 0};
    case skip_reason::paused:
      return {failure_code::conflict, "Removals are paused (docksweep resume lets them go on).", 0};
    case skip_reason::nothing_to_do:
      return {failure_code::not_found, fmt::format("There is nothing that policy {} would remove now.", policy), 0};
    default:
      return {failure_code::unreachable, "The view of the node is not complete, or old: try again in a moment.", 0};
  }
}

core::failure failure_of(const sweep_refusal& refusal, const std::string& policy) {
  if (refusal.is_fault) return {failure_code::storage, refusal.message, 0};
  if (refusal.why == skip_reason::running)
    return {failure_code::conflict, "Nothing was removed: " + refusal.message, 0};
  return failure_of(refusal.why, policy);
}

}  // namespace

void asked_sweep::answer(core::result<std::int64_t> with) {
  if (!outcome) outcome = std::move(with);
}

task<core::result<std::int64_t>> triggers::impl::sweep_now(std::string policy, std::string actor) {
  if (ending_) co_return core::fail(failure_code::unreachable, "The agent is about to end.");
  if (busy_ || asked_ != nullptr) {
    const auto& who = busy_ ? running_policy_ : asked_->policy;
    co_return core::fail(
        failure_code::conflict,
        fmt::format("Policy {} is at work, and one sweep runs at a time: try again when it has ended.", who));
  }
  const auto request =
      std::make_shared<asked_sweep>(asked_sweep{.policy = std::move(policy), .actor = std::move(actor)});
  // Who waits no longer, for whatever reason, wants no sweep that has not begun.
  struct withdraw_at_the_end {
    std::shared_ptr<asked_sweep> what;
    explicit withdraw_at_the_end(std::shared_ptr<asked_sweep> of) : what(std::move(of)) {}
    ~withdraw_at_the_end() { what->withdrawn = true; }
    withdraw_at_the_end(const withdraw_at_the_end&) = delete;
    withdraw_at_the_end& operator=(const withdraw_at_the_end&) = delete;
  };
  const withdraw_at_the_end here(request);
  asked_ = request;
  run_wake_.notify();
  const auto until = std::chrono::steady_clock::now() + begins_within;
  while (!request->outcome && std::chrono::steady_clock::now() < until) {
    auto waiting = asked_wake_.wait(until);
    co_await std::move(waiting);
  }
  if (request->outcome) co_return *request->outcome;
  co_return core::fail(
      failure_code::unreachable,
      "The agent did not come to it within a minute, and lets it be: try again when it has less to do.");
}

task<void> triggers::impl::run_what_was_asked_for() {
  if (asked_ == nullptr) co_return;
  struct done_at_the_end {
    impl& self;
    explicit done_at_the_end(impl& of) : self(of) {}
    ~done_at_the_end() {
      self.asked_ = nullptr;
      self.asked_wake_.notify();
    }
    done_at_the_end(const done_at_the_end&) = delete;
    done_at_the_end& operator=(const done_at_the_end&) = delete;
  };
  const done_at_the_end here(*this);
  const auto request = asked_;
  auto working = sweep_as_asked(request);
  co_await std::move(working);
}

task<void> triggers::impl::sweep_as_asked(std::shared_ptr<asked_sweep> request) {
  const auto entry = entry_named(request->policy);
  if (entry == nullptr) {
    request->answer(core::fail(failure_code::not_found, fmt::format("There is no policy {}.", request->policy)));
    co_return;
  }
  const auto fail = [&](skip_reason why) { request->answer(std::unexpected(failure_of(why, request->policy))); };
  if (const auto why = why_not_now(*entry, asked_by::somebody)) co_return fail(*why);
  if (!sees_what_was_swept()) co_return fail(skip_reason::stale_inventory);
  const core::policy policy = entry->policy;
  auto planning = make_plan(policy, {});
  auto made = co_await std::move(planning);
  if (request->withdrawn || ending_) co_return;
  if (const auto why = why_not_now(*entry, asked_by::somebody)) co_return fail(*why);
  if (!is_current(entry) || !made || made->plan.partial) co_return fail(skip_reason::stale_inventory);
  if (made->plan.steps.empty() || made->plan.goal_step == 0U) co_return fail(skip_reason::nothing_to_do);
  auto working = sweep(entry, *std::move(made), core::sweep_trigger::manual, "by request", request);
  co_await std::move(working);
  request->answer(core::fail(failure_code::conflict, "Nothing was removed: the sweep did not begin."));
}

void triggers::impl::refuse(asked_sweep& request, const sweep_refusal& why) {
  request.answer(std::unexpected(failure_of(why, request.policy)));
}

}  // namespace docksweep::app
