// Name resolution that a slow name server cannot hold up beyond the deadline.
#include "net/resolve.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace docksweep::net {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<transport_result<std::vector<tcp::endpoint>>> resolve(asio::any_io_executor executor, std::string host,
                                                                      std::uint16_t port, deadline until) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return std::vector{tcp::endpoint(address, port)};

  // getaddrinfo cannot be interrupted: the wait ends at the deadline, the look-up whenever it likes.
  struct look_up {
    explicit look_up(const asio::any_io_executor& on) : resolver(on), arrived(on) {}
    tcp::resolver resolver;
    asio::steady_timer arrived;
    bool done = false;
    boost::system::error_code ec;
    std::vector<tcp::endpoint> found;
  };
  const auto shared = std::make_shared<look_up>(executor);
  shared->arrived.expires_at(until);
  shared->resolver.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service,
      [shared](const boost::system::error_code& ec, const tcp::resolver::results_type& results) {
        shared->done = true;
        shared->ec = ec;
        for (const auto& entry : results) shared->found.push_back(entry.endpoint());
        shared->arrived.cancel();
      });
  if (!shared->done) co_await shared->arrived.async_wait(asio::as_tuple(asio::use_awaitable));
  const auto cancelled = co_await asio::this_coro::cancellation_state;
  if (cancelled.cancelled() != asio::cancellation_type::none) {
    shared->resolver.cancel();
    co_return std::unexpected(transport_failure{core::failure_code::cancelled, "cancelled", true});
  }
  if (!shared->done) {
    shared->resolver.cancel();
    co_return std::unexpected(
        transport_failure{core::failure_code::timeout, "the name \"" + host + "\" was not resolved in time", true});
  }
  if (shared->ec || shared->found.empty()) {
    co_return std::unexpected(transport_failure{core::failure_code::unreachable,
                                                "cannot resolve \"" + host + "\": " + shared->ec.message(), true});
  }
  co_return std::move(shared->found);
}

void set_keep_alive_times(int socket) {
  const int idle_seconds = 60, interval_seconds = 15, probes = 4;
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof interval_seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

}  // namespace docksweep::net
