// The server's end of a connection, plain or TLS, with blocking calls that a stop ends.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "support/certificates.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace docksweep::test {

class wire {
 public:
  // Takes over `socket`. With a context it shakes hands first: check open().
  wire(int socket, ssl_ctx_st* context, const std::atomic<bool>& stopped);
  ~wire();
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  bool open() const { return open_; }
  // At least one byte; empty when the client has closed or the server stops.
  std::string read();
  void write(std::string_view bytes);
  void send_session_ticket();  // TLS 1.3
  // Waits until the time is over, the client closes, or the server stops; false unless the time is over.
  bool wait(std::chrono::milliseconds time);
  void close();
  // Resets the connection, as the kernel does for a process that was killed with unread input.
  void abort();

 private:
  bool readable(std::chrono::milliseconds time);

  int socket_;
  ssl_st* tls_ = nullptr;
  const std::atomic<bool>& stopped_;
  bool open_ = true;
};

struct ssl_context_deleter {
  void operator()(ssl_ctx_st* context) const;
};
// A server's TLS settings; with `client_ca` only clients with a certificate of that authority come in.
std::unique_ptr<ssl_ctx_st, ssl_context_deleter> server_context(const certificate& own, const std::string& client_ca);

}  // namespace docksweep::test
