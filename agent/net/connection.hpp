// One HTTP/1.1 connection to a server: Unix socket, TCP or TLS. Beast stays in connection.cpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "core/failure.hpp"
#include "net/endpoint.hpp"
#include "net/http_message.hpp"
#include "net/tls.hpp"

namespace docksweep::net {

using deadline = std::chrono::steady_clock::time_point;
inline constexpr deadline no_deadline = deadline::max();

// What failed, before anybody has put it into a sentence about a call.
struct transport_failure {
  core::failure_code code = core::failure_code::unreachable;
  std::string reason;      // "Connection refused", "it closed the connection in the middle of its answer"
  bool unanswered = true;  // not one byte of an answer had come: a reused connection may have been stale
  bool silent = false;     // a timeout: no byte came or went for http_request::silence
  std::optional<core::failure> own = std::nullopt;  // of the caller's own source or consumer
};
template <typename T>
using transport_result = std::expected<T, transport_failure>;

class connection {
 public:
  virtual ~connection() = default;

  // Sends the request and reads status and headers. At most `body_limit_bytes` of body will be accepted; 0: no limit.
  // With a source the time for the headers begins when everything is sent; an answer that comes before ends the
  // sending.
  virtual boost::asio::awaitable<transport_result<http_response>> exchange(const http_request& request,
                                                                           std::size_t body_limit_bytes,
                                                                           deadline until) = 0;
  // Hands the body to `sink` as it arrives. An exception from the sink ends the read and is passed on.
  // Returns the number of bytes received.
  virtual boost::asio::awaitable<transport_result<std::size_t>> read_body(const body_sink& sink, deadline until) = 0;
  // The same for a consumer that is awaited: nothing is read meanwhile, and at most 64 KiB are held.
  virtual boost::asio::awaitable<transport_result<std::size_t>> read_pieces(const body_consumer& consume,
                                                                            std::chrono::milliseconds silence) = 0;

  // The answer was read to its end and the server keeps the connection: it can take another request.
  virtual bool reusable() const = 0;
  // The server has closed it while it was idle, or sent what nobody asked for.
  virtual bool stale() = 0;
  // Frees buffers while it waits for its next call.
  virtual void rest() = 0;
};

// Connects (and shakes hands, with TLS) before `until`.
boost::asio::awaitable<transport_result<std::unique_ptr<connection>>> connect(boost::asio::any_io_executor executor,
                                                                              const endpoint& where,
                                                                              tls_contexts& contexts, deadline until);

}  // namespace docksweep::net
