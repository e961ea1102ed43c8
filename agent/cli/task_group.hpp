// Coroutines that run beside each other and end together: the agent's loops.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <functional>
#include <list>

#include "app/engine.hpp"

namespace docksweep::cli {

// One thread only. Destroyed after ended() has returned, or before anything was started.
class task_group {
 public:
  // `on_failure` is called once, when the first coroutine has thrown.
  task_group(boost::asio::any_io_executor executor, std::function<void()> on_failure);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  // Starts a coroutine. One that throws (other than for being cancelled) cancels all, and ended() throws that.
  void start(app::task<void> work);
  // Asks all of them to end.
  void cancel();
  // Returns when all have ended. Is not itself cancelled by cancel().
  app::task<void> ended();

 private:
  struct member {
    boost::asio::cancellation_signal cancel;
  };
  void finished(std::list<member>::iterator which, std::exception_ptr error);

  boost::asio::any_io_executor executor_;
  std::function<void()> on_failure_;
  std::list<member> members_;
  boost::asio::steady_timer empty_;  // never rings; cancelled when the last one has ended
  std::exception_ptr error_;
  bool cancelled_ = false;
};

}  // namespace docksweep::cli
