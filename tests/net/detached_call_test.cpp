// Calls that nobody can interrupt, and nobody waits for.
#include "net/detached_call.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "support/run_task.hpp"

namespace docksweep::test {
namespace {

using namespace std::chrono_literals;
using net::detached_outcome;
using steady = std::chrono::steady_clock;

// A call that takes until the test lets it go.
class held_call {
 public:
  ~held_call() { go(); }
  std::function<void()> work() {
    return [until = until_] { until.wait(); };
  }
  void go() {
    if (!gone_.exchange(true)) promise_.set_value();
  }

 private:
  std::promise<void> promise_;
  std::shared_future<void> until_ = promise_.get_future().share();
  std::atomic<bool> gone_ = false;
};

class detached_call : public testing::Test {
 protected:
  detached_outcome run(std::function<void()> work, net::deadline until = net::no_deadline) {
    return run_task(context, net::run_detached(context.get_executor(), std::move(work), until));
  }
  boost::asio::io_context context;
};

TEST_F(detached_call, hands_over_what_it_wrote_on_another_thread) {
  const auto where = std::make_shared<std::thread::id>();
  ASSERT_EQ(run([where] { *where = std::this_thread::get_id(); }), detached_outcome::done);
  EXPECT_NE(*where, std::thread::id());
  EXPECT_NE(*where, std::this_thread::get_id());
}

TEST_F(detached_call, that_throws_is_told_and_ends_nothing_else) {
  EXPECT_EQ(run([] { throw std::runtime_error("no memory"); }), detached_outcome::unable);
  EXPECT_EQ(run([] {}), detached_outcome::done);
}

TEST_F(detached_call, is_left_alone_at_its_deadline) {
  held_call slow;
  const auto began = steady::now();
  EXPECT_EQ(run(slow.work(), began + 30ms), detached_outcome::late);
  EXPECT_LT(steady::now() - began, 1s);
}

TEST_F(detached_call, is_left_alone_when_its_coroutine_is_cancelled) {
  held_call slow;
  boost::asio::cancellation_signal stop;
  std::optional<detached_outcome> outcome;
  boost::asio::co_spawn(
      context,
      [&]() -> boost::asio::awaitable<void> {
        auto call = net::run_detached(context.get_executor(), slow.work(), net::no_deadline);
        outcome = co_await std::move(call);
      },
      boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  context.run_for(20ms);
  EXPECT_FALSE(outcome);
  stop.emit(boost::asio::cancellation_type::all);
  context.run_for(1s);
  EXPECT_EQ(outcome, detached_outcome::cancelled);
}

TEST_F(detached_call, that_ends_after_everything_else_touches_nothing) {
  held_call slow;
  {
    boost::asio::io_context gone;
    boost::asio::co_spawn(gone, net::run_detached(gone.get_executor(), slow.work(), net::no_deadline),
                          [](std::exception_ptr, detached_outcome) {});
    gone.run_for(20ms);
  }
  slow.go();
  std::this_thread::sleep_for(50ms);  // the sanitizer watches what its thread does now
}

TEST_F(detached_call, too_many_at_once_are_refused) {
  held_call slow;
  for (int i = 0; i < net::most_detached_calls; ++i) {
    ASSERT_EQ(run(slow.work(), steady::now()), detached_outcome::late) << i;
  }
  EXPECT_EQ(run([] {}), detached_outcome::unable);
  slow.go();
  const auto until = steady::now() + 5s;
  auto again = detached_outcome::unable;
  while (again != detached_outcome::done && steady::now() < until) again = run([] {});
  EXPECT_EQ(again, detached_outcome::done) << "those that ended still count";
}

}  // namespace
}  // namespace docksweep::test
