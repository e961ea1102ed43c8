// Bodies in pieces through a client of a scripted server.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "net/http_client_fixture.hpp"

namespace docksweep::test {

using namespace std::chrono_literals;

class transfer_test : public http_client_test {
 protected:
  using answer = core::result<net::http_response>;

  static net::http_request request_to(const std::string& target, net::body_source source = {}) {
    net::http_request request;
    request.what = source ? net::verb::post : net::verb::get;
    request.target = target;
    request.timeout = 5s;
    request.silence = 5s;
    request.source = std::move(source);
    return request;
  }
  answer transfer(net::http_request request) {
    net::body_consumer consume = [this](std::string_view piece) -> boost::asio::awaitable<core::result<void>> {
      longest_piece = std::max(longest_piece, piece.size());
      received += piece;
      co_return core::result<void>();
    };
    return transfer(std::move(request), consume);
  }
  answer transfer(net::http_request request, net::body_consumer consume) {
    auto transferring = client().transfer(std::move(request), std::move(consume));
    return run_task(context, std::move(transferring));
  }
  // Hands out `count` pieces of `bytes` bytes.
  net::body_source pieces(std::size_t count, std::size_t bytes) {
    return [this, count, piece = std::string(bytes, 'p')]() -> boost::asio::awaitable<core::result<std::string_view>> {
      if (handed_out == count) co_return std::string_view();
      ++handed_out;
      co_return std::string_view(piece);
    };
  }
  // Cancels the transfer after this time. nullopt: it ended with an exception.
  std::optional<answer> cancelled_after(std::chrono::milliseconds time, net::http_request request,
                                        net::body_consumer consume) {
    boost::asio::cancellation_signal stop;
    std::optional<answer> outcome;
    bool ended = false;
    auto transferring = client().transfer(std::move(request), std::move(consume));
    boost::asio::co_spawn(context, std::move(transferring),
                          boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown, answer what) {
                            ended = true;
                            if (!thrown) outcome = std::move(what);
                            context.stop();
                          }));
    boost::asio::steady_timer soon(context, time);
    soon.async_wait([&](const auto&) { stop.emit(boost::asio::cancellation_type::all); });
    context.restart();
    context.run_for(5s);
    EXPECT_TRUE(ended);
    return outcome;
  }
  static boost::asio::awaitable<void> rest(std::chrono::milliseconds time) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  std::string received;
  std::size_t longest_piece = 0, handed_out = 0;
};

}  // namespace docksweep::test
