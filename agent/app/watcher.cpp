// The watcher's frame: what runs side by side, the engine's health, and when a view is made. See watcher_impl.hpp.
#include "app/watcher.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "app/stopped.hpp"
#include "app/watcher_impl.hpp"

namespace docksweep::app {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using std::chrono::milliseconds;

namespace {

// A view costs time to derive: at most a twentieth of one core goes into that, and a change waits no longer than this.
constexpr milliseconds least_gap{100};
constexpr milliseconds most_gap{500};
constexpr int cost_to_gap = 20;

}  // namespace

watcher::impl::impl(asio::any_io_executor executor, engine& source, store& memory, telemetry& counts, log_sink& log,
                    watcher_options options)
    : executor_(executor),
      source_(source),
      memory_(memory),
      counts_(counts),
      log_(log),
      options_(options),
      queue_(options.settle_events, options.burst),
      schedule_(options.resync, options.listing_share),
      reconnect_(options.reconnect_least, options.reconnect_most),
      work_wake_(executor),
      details_wake_(executor),
      saving_wake_(executor),
      disk_wake_(executor),
      publish_wake_(executor),
      session_wake_(executor) {}

task<void> watcher::impl::run() {
  try {
    auto all = sessions() && probe() && measure_disk_usage() && save_in_batches() && publish_when_asked();
    co_await std::move(all);
  } catch (const std::exception& fault) {
    if (!means_stopped(fault)) throw;
  }
}

void watcher::impl::request_resync() {
  schedule_.want(monotonic::now());
  work_wake_.notify();
}

void watcher::impl::set_intervals(milliseconds resync, milliseconds disk_usage) {
  options_.resync = resync;
  options_.disk_usage = disk_usage;
  schedule_.resync_every(resync);
  disk_due_ = std::min(disk_due_, monotonic::now() + disk_usage);
  work_wake_.notify();
  disk_wake_.notify();
}

// The port's calls have deadlines of their own; a probe must end in any case, for it is what notices a hung engine.
task<core::result<void>> watcher::impl::within_deadline(task<core::result<void>> call) {
  asio::steady_timer timer(executor_, options_.check_deadline);
  auto race = std::move(call) || timer.async_wait(asio::use_awaitable);
  auto first = co_await std::move(race);
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return core::fail(core::failure_code::timeout,
                       "the engine did not answer a health check within " + in_ms(options_.check_deadline) + " ms");
}

task<void> watcher::impl::probe() {
  auto next_answers = monotonic::now() + options_.check_answers;
  auto next_lists = monotonic::now() + options_.check_lists;
  bool answered = true;
  wake_up never(executor_);
  for (;;) {
    auto pause = never.wait(std::min(next_answers, next_lists));
    co_await std::move(pause);
    const auto now = monotonic::now();
    const bool ask_answers = now >= next_answers;
    if (ask_answers) next_answers = now + options_.check_answers;
    const bool ask_lists = now >= next_lists;
    if (ask_lists) next_lists = now + options_.check_lists;
    if (identified_ && ask_answers) {
      auto call = within_deadline(source_.check_answers());
      const auto outcome = co_await std::move(call);
      learn(pulse_.answered(outcome));
      // A connection that was dead for a while may have swallowed events without ending.
      if (outcome && !answered) end_session("the engine answers again");
      answered = outcome.has_value();
    }
    if (identified_ && ask_lists) {
      auto call = within_deadline(source_.check_lists());
      const auto outcome = co_await std::move(call);
      learn(pulse_.listed_one(outcome));
    }
    withdraw_if_stale();
  }
}

void watcher::impl::learn(bool health_changed) {
  if (!health_changed) return;
  ++revision_;
  const engine_health& now = pulse_.health();
  if (now.up) {
    log_.log(log_level::info, "engine_up", {{"engine", who_.engine + " " + who_.version}});
  } else if (!now.waiting) {
    log_.log(log_level::warn, "engine_down", {{"error", now.problem}});
  }
}

bool watcher::impl::stale() const {
  if (!last_listing_ || pulse_.health().up) return false;
  return monotonic::now() - std::max(*last_listing_, last_up_) > 3 * options_.resync;
}

void watcher::impl::withdraw_if_stale() {
  if (pulse_.health().up) last_up_ = monotonic::now();
  if (!shown_ || !stale()) return;
  shown_.reset();
  ++revision_;
  log_.log(log_level::warn, "view_withdrawn", {{"why", "it has not answered for three resyncs"}});
}

void watcher::impl::ask_publish(milliseconds patience) {
  const auto now = monotonic::now();
  const auto at = std::max(now + patience, last_publish_ + publish_gap_);
  if (at >= publish_at_) return;
  publish_at_ = at;
  publish_wake_.notify();
}

task<void> watcher::impl::publish_when_asked() {
  for (;;) {
    if (monotonic::now() >= publish_at_) publish();
    auto pause = publish_wake_.wait(publish_at_);
    co_await std::move(pause);
  }
}

void watcher::impl::publish() {
  publish_at_ = monotonic::time_point::max();
  if (!live_.listed() || (!live_.changed() && shown_) || stale()) return;
  const auto began = monotonic::now();
  shown_ = live_.publish();
  ++revision_;
  // Before the time is taken: what readers make of a view counts as its cost.
  if (hooks_.on_view) hooks_.on_view(shown_);
  last_publish_ = monotonic::now();
  publish_gap_ =
      std::clamp(std::chrono::duration_cast<milliseconds>((last_publish_ - began) * cost_to_gap), least_gap, most_gap);
  if (!listing_to_count_) return;
  listing_to_count_ = false;
  listed_since_ = listing_began_;
  last_refresh_ = last_publish_ - listing_began_;
  counts_.refresh(last_refresh_);
}

bool watcher::impl::details_known() {
  if (details_known_ || !shown_) return details_known_;
  const auto& what = shown_->what();
  for (std::size_t i = 0; i < what.images.size(); ++i) {
    if (what.details[i] == nullptr && !unreadable_.contains(what.images[i].id)) return false;
  }
  return details_known_ = true;
}

watcher::watcher(asio::any_io_executor executor, engine& source, store& memory, telemetry& counts, log_sink& log,
                 watcher_options options)
    : impl_(std::make_unique<impl>(std::move(executor), source, memory, counts, log, options)) {}

watcher::~watcher() = default;

void watcher::tell(watcher_hooks hooks) {
  impl_->hooks_ = std::move(hooks);
}
task<void> watcher::run() {
  return impl_->run();
}
std::shared_ptr<const core::view> watcher::current() const {
  return impl_->shown_;
}
const engine_health& watcher::health() const {
  return impl_->pulse_.health();
}
bool watcher::details_known() const {
  return impl_->details_known();
}
const core::engine_identity& watcher::engine_found() const {
  return impl_->who_;
}
std::uint64_t watcher::revision() const {
  return impl_->revision_;
}
std::chrono::nanoseconds watcher::last_refresh() const {
  return impl_->last_refresh_;
}
std::optional<std::chrono::steady_clock::time_point> watcher::listed_since() const {
  return impl_->shown_ == nullptr ? std::nullopt : impl_->listed_since_;
}
void watcher::set_intervals(milliseconds resync, milliseconds disk_usage) {
  impl_->set_intervals(resync, disk_usage);
}
void watcher::request_resync() {
  impl_->request_resync();
}

}  // namespace docksweep::app
