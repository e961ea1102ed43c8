// The open connections: how many there may be, which one goes when one more comes, and when each one's time is up.
// One timer serves all of them and is set again only when it has to ring earlier, so a request costs no timer.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace docksweep::web {

using stream_socket = boost::asio::generic::stream_protocol::socket;

enum class phase {
  waiting,    // for a request, or for the rest of its header: may be ended for a newcomer
  receiving,  // a body
  working,    // a handler runs
  sending,    // a response, or the end of the connection
};

struct connection {
  explicit connection(stream_socket accepted) : socket(std::move(accepted)) {}

  stream_socket socket;
  std::string peer;       // "[::1]:40312" or "unix"
  bool loopback = false;  // a loopback address or a Unix socket
  bool is_unix = false;
  phase now = phase::waiting;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::chrono::steady_clock::time_point since;  // of the present phase
  bool expired = false;                         // the deadline passed: the operation was cancelled
  bool ended = false;                           // the server wants it closed without a word (shutdown, or a newcomer)
  boost::asio::cancellation_signal cancel;      // of the coroutine that serves it
};

class connections {
 public:
  connections(const boost::asio::any_io_executor& executor, std::size_t most);

  // Takes a connection in. When there are as many as may be, the one that has waited longest for a request is ended;
  // null when none waits: the newcomer has to go, and is left in `socket`.
  std::shared_ptr<connection> admit(stream_socket& socket);
  void leave(const std::shared_ptr<connection>& one);

  // From now on in this phase, for so long at most.
  void enter(connection& one, phase next, std::chrono::milliseconds at_most);

  // Ends those that wait for a request, and in `grace` all others; true: nobody takes up a new request.
  void stop(std::chrono::milliseconds grace);
  bool stopping() const { return stopping_; }

  // Returns when the last one has left (after stop()).
  boost::asio::awaitable<void> emptied();
  std::size_t size() const { return all_.size(); }

  // Closes every socket at once: when the server goes without stop().
  void close_all();

 private:
  static void end(connection& one);
  void arm(std::chrono::steady_clock::time_point at);
  void ring();

  std::vector<std::shared_ptr<connection>> all_;
  std::size_t most_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point rings_at_ = std::chrono::steady_clock::time_point::max();
  boost::asio::steady_timer empty_;  // never rings; cancelled when the last connection leaves
  bool stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // a timer's handler may run after this is gone
};

}  // namespace docksweep::web
