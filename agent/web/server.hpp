// The HTTP server: listens, accepts, and serves routes (routes.hpp) to whom access.hpp lets in.
//
//   web::server pages(executor, web::options_from(settings.web), web::make_routes(source), telemetry);
//   if (auto started = pages.start(); !started) …        // every address is open, or none
//   … pages.reload(web::options_from(settings.web));     // new tokens, users, certificates, addresses; or all as
//   before co_await pages.stop();                               // idle connections at once, others within limits.stop
//
// Everything runs on the executor's one thread, but for bcrypt. `telemetry` outlives the server; coroutines that still
// run when the server is destroyed end by themselves when the executor runs on, so destroy the io_context after it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/telemetry.hpp"
#include "core/failure.hpp"
#include "web/options.hpp"
#include "web/routes.hpp"

namespace docksweep::web {

// Reads the certificates, the token and the hashes as start() would, and opens nothing. Failures are `invalid`.
core::result<void> check_files(const server_options& options);

class server {
 public:
  server(boost::asio::any_io_executor executor, server_options options, std::vector<route> routes,
         app::telemetry& counts);
  ~server();  // as stop(), without waiting

  // Opens every address and begins to accept. Failures are `invalid`: a taken port, an unreadable token or certificate.
  core::result<void> start();

  // Reads the token and the certificates again and takes over users, names and listen addresses; `limits` stay as they
  // were. Connections that are open stay, and what they show is judged by the new settings: a certificate that
  // client_ca does not sign any more is worth nothing. On a failure everything stays as it was;
  // an address whose port a new one wanted was closed for that moment.
  core::result<void> reload(server_options options);

  // Where it listens, with actual ports: "127.0.0.1:9713", "unix:///run/docksweep.sock".
  std::vector<std::string> addresses() const;

  // Stops listening, removes Unix sockets, ends connections; returns when all have ended.
  boost::asio::awaitable<void> stop();

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace docksweep::web
