// One event stream after another: who is there, subscribe, list, and repair what a lost stream missed.
#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "app/stopped.hpp"
#include "app/watcher_impl.hpp"

namespace docksweep::app {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using std::chrono::seconds;

namespace {

constexpr seconds a_good_while{30};  // a stream that lasted this long was no failure: the next attempt comes soon
// After so many streams that ended before everything was listed, events are a lost cause (Podman with events_logger =
// "none" accepts the subscription and ends it, so does a proxy with a short time-out): it is listed without them, and a
// stream has to last a moment before a listing is begun that its end would stop.
constexpr int lost_cause = 3;
constexpr seconds a_moment{10};

}  // namespace

task<void> watcher::impl::sessions() {
  wake_up never(executor_);
  auto remembering = memory_.knows_an_engine();
  const auto found_before = co_await std::move(remembering);
  if (found_before && *found_before) {
    pulse_.found_before();
    ++revision_;
  }
  for (;;) {
    auto asking = source_.identify();
    auto found = co_await std::move(asking);
    if (found) {
      auto taking = take_identity(std::move(*found));
      co_await std::move(taking);
      learn(pulse_.identified({}));
      const auto began = monotonic::now();
      auto one = session();
      co_await std::move(one);
      if (monotonic::now() - began > a_good_while) reconnect_.reset();
    } else {
      learn(pulse_.identified(std::unexpected(found.error())));
    }
    withdraw_if_stale();
    auto pause = never.wait(monotonic::now() + reconnect_.next());
    co_await std::move(pause);
  }
}

task<void> watcher::impl::take_identity(core::engine_identity who) {
  const bool another = !identified_ || who.id != who_.id || !core::same_storage(who, who_);
  who_ = who;
  identified_ = true;
  if (hooks_.on_engine) hooks_.on_engine(who_);
  if (!another) {
    live_.renew(std::move(who));
    co_return;
  }
  ++generation_;
  details_known_ = false;
  live_.reset(std::move(who));
  lacking_.clear();
  unreadable_.clear();
  unsaved_.clear();
  forget_gone_ = false;
  publish_at_ = monotonic::time_point::max();
  last_listing_.reset();
  disk_due_ = monotonic::now();
  if (shown_) {
    shown_.reset();
    ++revision_;
  }
  learn(pulse_.another_engine());
  log_.log(log_level::info, "engine_found",
           {{"engine", who_.engine + " " + who_.version}, {"api", who_.api_version}, {"storage", who_.storage_driver}});

  auto loading = memory_.load_image_details(who_.id);
  auto details = co_await std::move(loading);
  if (details) {
    live_.remember(std::move(*details));
  } else {
    log_.log(log_level::warn, "details_not_loaded", {{"error", details.error().message}});
  }
  auto loading_usage = memory_.load_disk_usage(who_);
  auto usage = co_await std::move(loading_usage);
  if (!usage || !*usage) co_return;
  // A recent answer of an earlier run is good until its interval is over; an older one says nothing about today.
  const auto age =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now() - (*usage)->made_at);
  if (age < std::chrono::milliseconds(0) || age > options_.disk_usage) co_return;
  live_.apply_disk(std::move(**usage));
  disk_due_ = monotonic::now() + (options_.disk_usage - age);
}

task<void> watcher::impl::session() {
  queue_.clear();
  stream_open_ = was_open_ = session_over_ = false;
  const auto began = monotonic::now();
  auto either = follow() || work() || until_over();
  co_await std::move(either);
  stream_open_ = false;
  if (schedule_.running()) {
    schedule_.abandoned(monotonic::now());
    live_.listing_failed();
  }
  const bool listed = last_listing_ && *last_listing_ >= began;
  fruitless_sessions_ = listed ? 0 : std::min(fruitless_sessions_ + 1, lost_cause);
  if (was_open_ && fruitless_sessions_ < lost_cause) co_return;
  auto listing = list_without_events();
  co_await std::move(listing);
}

// An engine (or a proxy in front of it) that refuses its events is still measured, at every resync.
task<void> watcher::impl::list_without_events() {
  if (!live_.listed()) schedule_.want(monotonic::now());
  if (monotonic::now() < schedule_.due()) co_return;
  auto listing = list_everything();
  co_await std::move(listing);
  auto details = read_what_is_lacking();
  co_await std::move(details);
}

task<void> watcher::impl::follow() {
  try {
    auto stream = source_.follow_events(
        [this] {
          stream_open_ = was_open_ = true;
          work_wake_.notify();
          disk_wake_.notify();
        },
        [this](const core::engine_event& event) { on_event(event); });
    const core::failure why = co_await std::move(stream);
    if (why.code == core::failure_code::cancelled) co_return;
    log_.log(log_level::warn, "events_lost", {{"error", why.message}, {"next", "reconnect and list everything"}});
  } catch (const std::exception& fault) {
    fail_session(fault);
  }
}

// A fault in the agent itself ends one session, not the agent; a cancelled coroutine passes on.
void watcher::impl::fail_session(const std::exception& fault) {
  if (means_stopped(fault)) throw;
  log_.log(log_level::error, "watch_failed", {{"error", fault.what()}, {"next", "start over"}});
}

// Nothing is listed before the engine has accepted the subscription: a change between the two would be lost.
task<void> watcher::impl::work() {
  try {
    while (!stream_open_) {
      auto pause = work_wake_.wait(monotonic::time_point::max());
      co_await std::move(pause);
    }
    schedule_.forget_failures();
    if (fruitless_sessions_ >= lost_cause) {
      wake_up never(executor_);
      auto pause = never.wait(monotonic::now() + a_moment);
      co_await std::move(pause);
    }
    schedule_.want(monotonic::now());
    auto all = list_when_due() && refresh_side_by_side(std::max<std::size_t>(options_.parallel_refreshes, 1)) &&
               read_details_as_asked();
    co_await std::move(all);
  } catch (const std::exception& fault) {
    fail_session(fault);
  }
}

task<void> watcher::impl::until_over() {
  while (!session_over_) {
    auto pause = session_wake_.wait(monotonic::time_point::max());
    co_await std::move(pause);
  }
}

void watcher::impl::end_session(std::string why) {
  if (session_over_ || !stream_open_) return;
  log_.log(log_level::info, "session_ended",
           {{"why", std::move(why)}, {"next", "negotiate again and list everything"}});
  session_over_ = true;
  session_wake_.notify();
}

}  // namespace docksweep::app
