// A thread for one call, and the hand-over of its end; see detached_call.hpp.
#include "net/detached_call.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace docksweep::net {
namespace {

namespace asio = boost::asio;

std::atomic<int> running = 0;

// Between the thread and the coroutine. The thread may outlive the executor: it touches the executor only under the
// lock, and only while the coroutine, which cannot outlive it, waits.
struct hand_over {
  std::mutex lock;
  asio::steady_timer* waiter = nullptr;  // null: nobody waits any more
  bool ended = false;
  bool threw = false;
};

void wake(hand_over& between) {
  const std::scoped_lock guard(between.lock);
  if (between.waiter != nullptr) between.waiter->cancel();
}

void call(const std::function<void()>& work, const std::shared_ptr<hand_over>& between) {
  bool threw = false;
  try {
    work();
  } catch (...) {  // there is nobody above; the coroutine says so
    threw = true;
  }
  --running;
  const std::scoped_lock guard(between->lock);
  between->ended = true;
  between->threw = threw;
  if (between->waiter != nullptr) asio::post(between->waiter->get_executor(), [between] { wake(*between); });
}

class waiting {
 public:
  waiting(std::shared_ptr<hand_over> between, asio::steady_timer& timer) : between_(std::move(between)) {
    between_->waiter = &timer;
  }
  waiting(const waiting&) = delete;
  waiting& operator=(const waiting&) = delete;
  ~waiting() {
    const std::scoped_lock guard(between_->lock);
    between_->waiter = nullptr;
  }

 private:
  std::shared_ptr<hand_over> between_;
};

bool start(std::function<void()> work, std::shared_ptr<hand_over> between) {
  if (++running <= most_detached_calls) {
    try {
      std::thread([work = std::move(work), between = std::move(between)] { call(work, between); }).detach();
      return true;
    } catch (const std::system_error&) {  // a limit on threads
    }
  }
  --running;
  return false;
}

}  // namespace

asio::awaitable<detached_outcome> run_detached(asio::any_io_executor executor, std::function<void()> work,
                                               deadline until) {
  const auto between = std::make_shared<hand_over>();
  asio::steady_timer timer(std::move(executor), until);
  const waiting here(between, timer);
  if (!start(std::move(work), between)) co_return detached_outcome::unable;
  // One wait is enough: its end is the deadline, a cancellation, or the thread's.
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  const std::scoped_lock guard(between->lock);
  if (between->ended) co_return between->threw ? detached_outcome::unable : detached_outcome::done;
  const auto state = co_await asio::this_coro::cancellation_state;
  const bool cancelled = state.cancelled() != asio::cancellation_type::none;
  co_return cancelled ? detached_outcome::cancelled : detached_outcome::late;
}

}  // namespace docksweep::net
