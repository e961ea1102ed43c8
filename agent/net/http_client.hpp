// HTTP/1.1 client for one server, over a Unix socket, TCP or TLS. Every call has a deadline and a limit on its body;
// connections are kept and used again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "core/failure.hpp"
#include "net/connection.hpp"
#include "net/http_message.hpp"
#include "net/trace.hpp"

namespace docksweep::net {

struct http_client_options {
  std::string peer = "the server";   // how messages call it: "the engine"
  trace_sink trace;                  // empty: no trace
  std::size_t idle_connections = 4;  // kept for later calls; more are closed
};

// Not thread-safe: use it from one thread or strand. It must outlive its calls.
class http_client {
 public:
  http_client(boost::asio::any_io_executor executor, endpoint where, http_client_options options);
  ~http_client();

  // Sends a request and reads the whole answer. Any status is a success here; a failure is an answer that did not come
  // whole: unreachable, timeout (the server may have acted), cancelled, too_large, malformed.
  // With a sink, the body of a 2xx answer goes there as it arrives; otherwise it is in the response.
  // A GET or HEAD on a kept connection that turns out to be dead is sent once more on a fresh one.
  boost::asio::awaitable<core::result<http_response>> send(http_request request, body_sink sink = {});

  // Sends a request whose answer has no end: `on_open` gets status and headers, `on_data` the body of a 2xx answer.
  // `request.timeout` bounds the time until the headers; after that silence is normal. Returns the response of an
  // answer that is no success (with its body), or why the stream ended.
  boost::asio::awaitable<core::result<http_response>> stream(http_request request,
                                                             std::function<void(const http_response&)> on_open,
                                                             body_sink on_data);

  // Sends a request whose body (`request.source`) or answer is too large to be held: both pass in pieces, at the pace
  // of the slower side. `request.timeout` bounds the time until the headers (from the end of what is sent, where there
  // is a source), `request.silence` each pause after them and while it sends; there is no deadline for the whole, and
  // no limit on the body of a 2xx answer. Any status is a success, as for send(); the body of an error is in the
  // response. Nothing is sent twice.
  boost::asio::awaitable<core::result<http_response>> transfer(http_request request, body_consumer consume);

  const endpoint& where() const { return where_; }
  // Closes kept connections: the next call makes a new one.
  void close_idle() { idle_.clear(); }

 private:
  struct started;
  boost::asio::awaitable<transport_result<started>> start(const http_request& request, std::size_t body_limit_bytes,
                                                          deadline until);
  std::unique_ptr<connection> take_idle();
  void keep(std::unique_ptr<connection> used);
  core::failure sentence(const http_request& request, const transport_failure& problem) const;
  void trace(const std::string& line) const;
  core::failure traced(core::failure problem, deadline began) const;

  boost::asio::any_io_executor executor_;
  endpoint where_;
  http_client_options options_;
  tls_contexts contexts_;
  std::vector<std::unique_ptr<connection>> idle_;
};

}  // namespace docksweep::net
