// Serves one accepted connection from its first byte to its end: requests in, responses out, within the limits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/telemetry.hpp"
#include "web/connections.hpp"
#include "web/credentials.hpp"
#include "web/options.hpp"
#include "web/routes.hpp"

namespace docksweep::web {

// What all connections of a server share. One thread.
struct serving {
  serving(const boost::asio::any_io_executor& executor, std::vector<route> served, app::telemetry& telemetry,
          const server_limits& bounds)
      : routes(std::move(served)), counts(telemetry), limits(bounds), open(executor, bounds.connections) {}

  std::vector<route> routes;
  app::telemetry& counts;
  server_limits limits;
  credentials who;
  std::vector<std::string> names;
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: plain TCP
  connections open;
};

// Runs until the connection ends, by either side, a limit or `all->open`. Leaves nothing open.
boost::asio::awaitable<void> serve(std::shared_ptr<serving> all, std::shared_ptr<connection> one);

// Says 503 on a connection for which there is no room, without waiting, and closes it.
void refuse(stream_socket socket, bool tls);

}  // namespace docksweep::web
