// A call that nobody can interrupt (getaddrinfo, crypt_r), on a thread of its own that nobody has to wait for: neither
// the coroutine beyond its deadline, nor the end of the process.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>

#include "net/connection.hpp"

namespace docksweep::net {

enum class detached_outcome {
  done,       // the call has returned, and what it wrote may be read
  late,       // the deadline came first
  cancelled,  // the coroutine was cancelled first
  unable,     // no thread could be had, as `most_detached_calls` run already, or the call threw
};

// So many may run at once in the process, those included that nobody waits for any more.
inline constexpr int most_detached_calls = 16;

// Runs `work` on a new thread. Unless the outcome is `done`, `work` may be running still: it owns whatever it touches.
// The executor has one thread.
boost::asio::awaitable<detached_outcome> run_detached(boost::asio::any_io_executor executor,
                                                      std::function<void()> work, deadline until);

}  // namespace docksweep::net
