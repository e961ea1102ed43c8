// An HTTP server with a script for each path, on a Unix socket, TCP or TLS: it can be slow, break off, lie and die, as
// real engines do. It shows how a client copes, never what an engine does: that is what tests/engines is for.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/endpoint.hpp"
#include "support/temp_folder.hpp"
#include "support/wire.hpp"

namespace docksweep::test {

struct scripted_request {
  std::string method, target;  // "GET", "/v1.41/images/json?all=1"
  std::string path;            // without version and query: "/images/json"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int connection = 0;  // the how-manieth connection, from 1
  std::string header(std::string_view name) const;
};

// The server's side of one request. What is not answered when the script returns is a closed connection.
class exchange {
 public:
  exchange(wire& to, scripted_request asked, std::string& buffered)
      : request(std::move(asked)), to_(to), buffered_(buffered), unread_(chunked()) {}

  const scripted_request request;

  // Of a chunked body, which is not read before the script does it: the next chunk, empty at its end; nullopt: the
  // client has gone before. What is left unread when the script returns closes the connection.
  std::optional<std::string> read_chunk();
  std::string read_chunks();  // all that come

  void reply(int status, std::string_view body, const std::string& content_type = "application/json",
             const std::string& more_headers = "");
  void begin_chunked(int status = 200, const std::string& more_headers = "");
  void chunk(std::string_view bytes);
  void end_chunked();
  void raw(std::string_view bytes);           // as it is; keeps the connection open until close()
  void send_session_ticket() { to_.send_session_ticket(); }
  bool wait(std::chrono::milliseconds time);  // false: the client has gone
  void hang() {
    wait(std::chrono::hours(1));
    close();
  }
  void close() { keep_ = false; }  // after what was sent
  void die() {
    keep_ = false;
    to_.abort();
  }  // without a farewell
  bool keeps_connection() const { return keep_ && answered_ && !unread_; }

 private:
  bool chunked() const { return request.header("Transfer-Encoding") == "chunked"; }
  bool buffer(std::size_t bytes);  // at least so many

  wire& to_;
  std::string& buffered_;
  bool unread_;
  bool keep_ = true;
  bool answered_ = false;
};

using script = std::function<void(exchange&)>;

class scripted_engine {
 public:
  // On a Unix socket in a folder of its own. Knows /_ping (with this API version) and nothing else, yet.
  explicit scripted_engine(std::string api_version = "1.41");
  // On TCP port of 127.0.0.1.
  struct on_tcp {};
  scripted_engine(on_tcp, std::string api_version = "1.41");
  // The same with TLS; with `client_ca`, clients need a certificate.
  scripted_engine(const certificate& own, const std::string& client_ca, std::string api_version = "1.41");
  ~scripted_engine();

  net::endpoint where() const { return where_; }

  // `path` is that of scripted_request; the last script of a path counts. "*" is for every path without a script.
  void on(const std::string& path, script what);
  void answer(const std::string& path, std::string body, int status = 200);  // always this
  void set_api_version(const std::string& version);  // also: what /_ping and every reply() say in Api-Version
  void set_headers(const std::string& lines);        // more headers of /_ping and every reply(): "Name: value\r\n"

  void stop();   // closes every connection and listens no more; the socket file stays, as a killed engine leaves it
  void start();  // again, on the same address

  std::vector<std::string> calls() const;  // "GET /v1.41/images/json?all=1"
  std::vector<scripted_request> requests() const;
  int count(const std::string& path) const;  // calls of a path
  int connections() const { return connections_; }

 private:
  void listen();
  void accept_all();
  void serve(int socket, int number);
  script script_for(const std::string& path);

  temp_folder folder_;
  net::endpoint where_;
  std::unique_ptr<ssl_ctx_st, ssl_context_deleter> tls_;
  mutable std::mutex mutex_;
  std::map<std::string, script> scripts_;
  std::string api_version_, more_headers_;
  std::vector<scripted_request> requests_;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stopped_ = true;
  int listener_ = -1;
  std::thread acceptor_;
  std::vector<std::thread> servers_;
};

}  // namespace docksweep::test
