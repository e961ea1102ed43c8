// Runs a coroutine to its end on an io_context of its own, for tests; a guard time ends a test that would hang.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace docksweep::test {

// What the coroutine returns. Throws when it throws, or when it has not ended after `at_most`.
template <typename T>
T run_task(boost::asio::io_context& context, boost::asio::awaitable<T> task,
           std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
  std::optional<T> outcome;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) outcome.emplace(std::move(value));
    context.stop();
  });
  context.restart();
  context.run_for(at_most);
  if (thrown) std::rethrow_exception(thrown);
  if (!outcome) throw std::runtime_error("the coroutine did not end in time");
  return std::move(*outcome);
}

}  // namespace docksweep::test
