#include "app/alert_poll.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace docksweep::app {

task<void> alert_poll::run() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  std::uniform_real_distribution<double> first(0, 1), later(0.9, 1.1);
  auto share = first(random_);
  for (;;) {
    timer.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(share * interval_));
    co_await timer.async_wait(boost::asio::use_awaitable);
    auto asking = poll();
    co_await std::move(asking);
    share = later(random_);
  }
}

task<void> alert_poll::poll() {
  std::set<occurrence> now;
  bool answered = true;
  for (auto& question : with_.questions()) {
    auto asking = with_.source.active_alerts(std::move(question.filters));
    auto active = co_await std::move(asking);
    if (!active) {
      answered = false;
      continue;
    }
    for (const auto& one : *active) {
      const occurrence which{one.fingerprint, one.starts_at};
      if (now.insert(which).second && !seen_.contains(which)) {
        with_.counts.alert_received(core::alert_source::alertmanager, true);
      }
    }
    auto telling = with_.on_answer(std::move(question.policy), *std::move(active));
    // What could not be put on record is told at the next poll again, and the record's owner has logged why.
    static_cast<void>(co_await std::move(telling));
  }
  if (!answered) {  // nobody knows what has ended
    seen_.merge(now);
    co_return;
  }
  for (const auto& one : seen_) {
    if (!now.contains(one)) with_.counts.alert_received(core::alert_source::alertmanager, false);
  }
  seen_ = std::move(now);
}

}  // namespace docksweep::app
