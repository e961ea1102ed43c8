#include "app/sweep_brake.hpp"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <utility>

namespace docksweep::app {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

struct call_outcome {
  std::optional<core::result<removal_answer>> answer;
  std::exception_ptr thrown;
};

// Ends without an exception, whatever the call does: of two that run side by side one that throws would let the other
// wait for ever.
task<void> guarded(task<core::result<removal_answer>> call, call_outcome& outcome) {
  try {
    outcome.answer = co_await std::move(call);
  } catch (...) {
    outcome.thrown = std::current_exception();
  }
}

task<void> guarded(task<void> call, std::exception_ptr& thrown) {
  try {
    co_await std::move(call);
  } catch (...) {
    thrown = std::current_exception();
  }
}

sweep_end paused_end(const core::pause_state& pause) {
  std::string text = "removals are paused";
  if (!pause.actor.empty()) text += " by " + pause.actor;
  if (!pause.reason.empty()) text += ": " + pause.reason;
  return {core::sweep_outcome::stopped, std::move(text)};
}

}  // namespace

void throw_if_cancelled(const core::failure& why) {
  if (why.code != core::failure_code::cancelled) return;
  throw boost::system::system_error(boost::asio::error::operation_aborted);
}

bool is_engines_own(const core::failure& why) {
  throw_if_cancelled(why);
  return why.code == core::failure_code::unreachable || why.code == core::failure_code::timeout;
}

sweep_brake::sweep_brake(boost::asio::any_io_executor executor, container_engine& engine, history& record,
                         const sweeper_options& options)
    : changed_(std::move(executor)), engine_(engine), record_(record), options_(options) {}

void sweep_brake::stop(std::string why) {
  if (!stopped_) stopped_ = std::move(why);
  changed_.notify();
}

task<std::optional<sweep_end>> sweep_brake::hold() {
  if (stopped_) co_return sweep_end{core::sweep_outcome::stopped, "stopped: " + *stopped_};
  auto asking = record_.load_pause();
  const auto pause = co_await std::move(asking);
  if (!pause) {
    throw_if_cancelled(pause.error());
    co_return sweep_end{core::sweep_outcome::failed,
                        "nobody knows whether removals are paused: " + pause.error().message};
  }
  if (core::is_paused(*pause, options_.now())) co_return paused_end(**pause);
  if (stopped_) co_return sweep_end{core::sweep_outcome::stopped, "stopped: " + *stopped_};
  co_return std::nullopt;
}

task<bool> sweep_brake::rest(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stopped_ && std::chrono::steady_clock::now() < until) {
    auto waiting = changed_.wait(until);
    co_await std::move(waiting);
  }
  co_return !stopped_;
}

task<bool> sweep_brake::await_engine() {
  const auto until = std::chrono::steady_clock::now() + options_.engine_back;
  while (true) {
    auto asking = engine_.check_answers();
    const auto answer = co_await std::move(asking);
    if (answer) co_return true;
    throw_if_cancelled(answer.error());
    if (stopped_ || std::chrono::steady_clock::now() >= until) co_return false;
    auto pause = rest(options_.ask_again);
    co_await std::move(pause);
  }
}

task<void> sweep_brake::until_stop() {
  constexpr auto for_ever = std::chrono::steady_clock::time_point::max();
  while (!stopped_) {
    auto waiting = changed_.wait(for_ever);
    co_await std::move(waiting);
  }
}

task<bool> sweep_brake::until_stopped(task<void> call) {
  std::exception_ptr thrown;
  auto working = guarded(std::move(call), thrown);
  auto stop = until_stop();
  auto both = std::move(working) || std::move(stop);
  const auto first = co_await std::move(both);
  if (first.index() == 0 && thrown) std::rethrow_exception(thrown);
  co_return first.index() == 0;
}

task<void> sweep_brake::grace_over() {
  auto stop = until_stop();
  co_await std::move(stop);
  const auto until = std::chrono::steady_clock::now() + options_.grace;
  while (std::chrono::steady_clock::now() < until) {
    auto waiting = changed_.wait(until);
    co_await std::move(waiting);
  }
}

task<std::optional<core::result<removal_answer>>> sweep_brake::in_hand(task<core::result<removal_answer>> call) {
  call_outcome outcome;
  auto removal = guarded(std::move(call), outcome);
  auto limit = grace_over();
  auto both = std::move(removal) || std::move(limit);
  const auto first = co_await std::move(both);
  if (first.index() == 0 && outcome.thrown) std::rethrow_exception(outcome.thrown);
  // An answer that came together with the end of the grace counts.
  if (outcome.answer && (first.index() == 0 || *outcome.answer)) co_return std::move(outcome.answer);
  co_return std::nullopt;
}

}  // namespace docksweep::app
