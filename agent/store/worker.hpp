// One thread that does blocking work, one job after the other, for coroutines that wait for the result.
#pragma once

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/engine.hpp"
#include "core/failure.hpp"

namespace docksweep::store {

class worker {
 public:
  worker() : thread_(1) {}
  ~worker() { stop(); }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // True once stop() was called: long work looks at it now and then.
  const std::atomic<bool>& stopping() const { return stopping_; }

  // Waits for the job that runs; those that wait are not begun.
  void stop() {
    stopping_ = true;
    thread_.join();
  }

  // Runs `job` on the thread for nobody who waits; its exceptions are swallowed.
  void post(std::function<void()> job) {
    boost::asio::post(thread_, [this, job = std::move(job)] {
      if (stopping_) return;
      try {
        job();
      } catch (const std::exception&) {
        return;
      }
    });
  }

  // Runs `job` (a function that returns result<T>) on the thread; the coroutine goes on with its result on its own
  // executor, which must be one thread's and outlive the worker. A cancelled coroutine does not wait for a job that has
  // begun.
  template <typename T>
  app::task<core::result<T>> run(std::function<core::result<T>()> job) {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto here = std::make_shared<rendezvous<T>>(executor);
    boost::asio::post(thread_, [this, here, executor, job = std::move(job)]() mutable {
      std::optional<core::result<T>> outcome = perform<T>(job);
      job = nullptr;
      // The last owner of `here` has to be the coroutine's own thread: its timer belongs there.
      boost::asio::post(executor, [here = std::move(here), outcome = std::move(outcome)]() mutable {
        here->outcome = std::move(outcome);
        here->arrived.cancel();
      });
    });
    co_await here->arrived.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (!here->outcome) co_return core::fail(core::failure_code::cancelled, "the wait for the state was cancelled");
    co_return std::move(*here->outcome);
  }

 private:
  template <typename T>
  struct rendezvous {
    explicit rendezvous(const boost::asio::any_io_executor& executor)
        : arrived(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer arrived;
    std::optional<core::result<T>> outcome;
  };

  template <typename T>
  core::result<T> perform(const std::function<core::result<T>()>& job) {
    if (stopping_) return core::fail(core::failure_code::cancelled, "the store is ending");
    try {
      return job();
    } catch (const std::exception& fault) {
      return core::fail(core::failure_code::storage, std::string("the state cannot be used: ") + fault.what());
    }
  }

  std::atomic<bool> stopping_ = false;
  boost::asio::thread_pool thread_;
};

}  // namespace docksweep::store
