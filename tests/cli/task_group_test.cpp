// Coroutines that end together.
#include "cli/task_group.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

namespace docksweep::cli {
namespace {

namespace asio = boost::asio;

app::task<void> wait_for_ever(int& ended) {
  struct guard {
    int& count;
    ~guard() { ++count; }
  } const here{ended};
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

app::task<void> end_at_once() {
  co_return;
}

app::task<void> throw_soon() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(asio::use_awaitable);
  throw std::runtime_error("broken");
}

app::task<void> cancel_and_wait(task_group& group) {
  group.cancel();
  co_await group.ended();
}

struct task_group_test : testing::Test {
  asio::io_context context{1};
  int ended = 0, failures = 0;
  task_group group{context.get_executor(), [this] { ++failures; }};
};

TEST_F(task_group_test, cancels_all_and_waits_for_them) {
  group.start(wait_for_ever(ended));
  group.start(wait_for_ever(ended));
  group.start(end_at_once());
  bool done = false;
  asio::co_spawn(context, cancel_and_wait(group), [&](std::exception_ptr error) { done = !error; });
  context.run();
  EXPECT_TRUE(done);
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(failures, 0);
}

TEST_F(task_group_test, that_has_nothing_left_ends_at_once) {
  group.start(end_at_once());
  context.run();
  context.restart();
  bool done = false;
  asio::co_spawn(context, group.ended(), [&](std::exception_ptr error) { done = !error; });
  context.run();
  EXPECT_TRUE(done);
}

TEST_F(task_group_test, one_that_throws_ends_the_others_and_is_reported) {
  group.start(wait_for_ever(ended));
  group.start(throw_soon());
  std::string message;
  asio::co_spawn(context, group.ended(), [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
      message = thrown.what();
    }
  });
  context.run();
  EXPECT_EQ(message, "broken");
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(failures, 1);
}

}  // namespace
}  // namespace docksweep::cli
