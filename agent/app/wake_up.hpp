// Waiting in a coroutine for "something changed" or a moment, whichever is first. One thread only: a waiter evaluates
// its condition and waits without a suspension between, so no wake-up is lost.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <vector>

#include "app/engine.hpp"

namespace docksweep::app {

class wake_up {
 public:
  explicit wake_up(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  wake_up(const wake_up&) = delete;
  wake_up& operator=(const wake_up&) = delete;

  // Wakes everybody who waits now.
  void notify() {
    for (boost::asio::steady_timer* timer : waiting_) timer->cancel();
  }

  // Returns at `until`, at the next notify(), or when the coroutine is cancelled (the await after this one throws
  // then).
  task<void> wait(std::chrono::steady_clock::time_point until) {
    boost::asio::steady_timer timer(executor_, until);
    const registration here(waiting_, timer);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  struct registration {
    std::vector<boost::asio::steady_timer*>& list;
    boost::asio::steady_timer* timer;
    registration(std::vector<boost::asio::steady_timer*>& where, boost::asio::steady_timer& what)
        : list(where), timer(&what) {
      list.push_back(timer);
    }
    ~registration() { std::erase(list, timer); }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;
  };

  boost::asio::any_io_executor executor_;
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace docksweep::app
