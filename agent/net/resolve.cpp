// Name resolution that a slow name server cannot hold up beyond the deadline.
#include "net/resolve.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>

#include "net/detached_call.hpp"

namespace docksweep::net {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<transport_result<std::vector<tcp::endpoint>>> resolve(asio::any_io_executor executor, std::string host,
                                                                      std::uint16_t port, deadline until) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return std::vector{tcp::endpoint(address, port)};

  struct look_up {
    boost::system::error_code ec;
    std::vector<tcp::endpoint> found;
  };
  const auto shared = std::make_shared<look_up>();
  auto looking_up = run_detached(
      std::move(executor),
      [shared, host, port] {
        asio::io_context own;  // for the thread's own resolver, whose synchronous calls need no other thread
        tcp::resolver resolver(own);
        const auto found =
            resolver.resolve(host, std::to_string(port), tcp::resolver::numeric_service, shared->ec);
        for (const auto& entry : found) shared->found.push_back(entry.endpoint());
      },
      until);
  switch (co_await std::move(looking_up)) {
    case detached_outcome::done:
      break;
    case detached_outcome::cancelled:
      co_return std::unexpected(transport_failure{core::failure_code::cancelled, "cancelled", true});
    case detached_outcome::late:
      co_return std::unexpected(
          transport_failure{core::failure_code::timeout, "the name \"" + host + "\" was not resolved in time", true});
    case detached_outcome::unable:
      co_return std::unexpected(transport_failure{
          core::failure_code::unreachable,
          "cannot resolve \"" + host + "\": too many earlier look-ups still wait for their name server", true});
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
