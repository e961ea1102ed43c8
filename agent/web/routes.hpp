// What is served where, and the path of one request through it: find the route, decide access, run the handler.
// No socket and no Beast here.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/access.hpp"
#include "web/content.hpp"
#include "web/credentials.hpp"

namespace docksweep::web {

template <typename T>
using task = boost::asio::awaitable<T>;

// One path, or (`below`) every path with one more segment. `get` or `fetch` (HEAD comes with both), or `post` is set, or one of the former and `post`. Handlers run on
// the server's thread: `get` answers at once; `fetch` and `post` may wait and have their own deadlines, and a waiting
// one is cancelled when the server stops.
struct route {
  std::string_view path;
  std::string_view name;  // label of docksweep_http_requests_total
  area what = area::api;
  std::function<response(const request&)> get = {};
  std::function<task<response>(const request&)> fetch = {};  // a GET that has to wait for its answer
  std::function<task<response>(const request&)> post = {};
  std::size_t post_limit_bytes = 1024 * 1024;  // 413 above it
  bool post_needs_length = false;              // 411 without Content-Length or chunks
  bool below = false;                          // for "path/NAME" in place of "path"
};

struct admission {
  const route* target = nullptr;    // null: no such path
  std::optional<response> refused;  // the answer, when the request goes no further
};

// Finds the route and asks `who` about access; sets what.user.
task<admission> admit(const std::vector<route>& routes, credentials& who, std::span<const std::string> names,
                      request& what);

// Runs the handler; what it throws is a 500. Cancellation passes through.
task<response> perform(const route& target, const request& what);

}  // namespace docksweep::web
