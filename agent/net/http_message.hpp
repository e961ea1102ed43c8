// Requests and answers as plain values, without the library that carries them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/failure.hpp"

namespace docksweep::net {

using header_list = std::vector<std::pair<std::string, std::string>>;

enum class verb { get, head, post, remove };
std::string_view to_string(verb what);  // "GET", "HEAD", "POST", "DELETE"

// A body that is too large to be held, in pieces. Both are awaited, so the slower side sets the pace. A source says
// with an empty piece that it is at its end; what it hands out lives until it is asked again. A failure of either ends
// the call, and is what the call returns.
using body_consumer = std::function<boost::asio::awaitable<core::result<void>>(std::string_view)>;
using body_source = std::function<boost::asio::awaitable<core::result<std::string_view>>()>;

struct http_request {
  verb what = verb::get;
  std::string target;  // path and query, already percent-encoded
  header_list headers;
  std::string body;
  std::chrono::milliseconds timeout = std::chrono::seconds(30);  // for all of it: connect, send, receive the last byte
  std::size_t body_limit_bytes = 64 << 20;                       // of the answer
  // For http_client::transfer, where `timeout` ends with the headers of the answer.
  body_source source;                                            // in place of `body`
  std::chrono::milliseconds silence = std::chrono::minutes(10);  // without a byte in either direction
};

struct http_response {
  int status = 0;
  header_list headers;
  // The body, unless it went to a sink (http_client::send): then only that of an error, up to error_body_limit_bytes.
  std::string body;
  std::size_t body_bytes = 0;  // received in all

  // Value of a header, compared without case; empty if it is not there.
  std::string_view header(std::string_view name) const;
  bool ok() const { return status >= 200 && status < 300; }
};

inline constexpr std::size_t error_body_limit_bytes = 64 << 10;

// Takes a body piece by piece, as it arrives, so that nobody has to hold all of it.
using body_sink = std::function<void(std::string_view)>;

}  // namespace docksweep::net
