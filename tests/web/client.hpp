// A client of bytes: sends exactly what a test says, and reads what comes back, over TCP or a Unix socket.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace docksweep::web::testing {

struct answer {
  int status = 0;                                   // 0: the connection ended without one
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

class client {
 public:
  // "127.0.0.1:9713", "[::1]:9713" or "unix:///path", as server::addresses() has them. Connects; throws if it cannot.
  explicit client(const std::string& where);
  client(client&& other) noexcept;
  client& operator=(client&&) = delete;
  ~client();

  // False: the other side has closed.
  bool send(std::string_view bytes);
  void half_close();

  // One response, by its Content-Length (none after a HEAD). Waits at most 5 seconds for each byte.
  answer read(bool head = false);
  answer ask(std::string_view bytes, bool head = false);

  // True when the other side ends the connection within this time; what comes before the end is dropped.
  bool ends_within(std::chrono::milliseconds time);

  int descriptor() const { return socket_; }  // for TLS on top

 private:
  bool fill();  // reads some more; false: the end, or nothing came

  int socket_ = -1;
  std::string buffer_;
};

// "GET /path HTTP/1.1" with a Host header and others ("Name: value\r\n" each).
std::string get(std::string_view path, std::string_view headers = "");
std::string post(std::string_view path, std::string_view headers = "", std::string_view body = "");

}  // namespace docksweep::web::testing
