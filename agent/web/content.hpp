// What the web server serves, as values: requests in, responses out. No socket and no Beast here, so that handlers are
// tested without either.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace docksweep::web {

using header_list = std::vector<std::pair<std::string, std::string>>;

struct request {
  std::string method;          // "GET", "HEAD", "POST"
  std::string path;            // decoded, without the query
  std::string query;           // as sent, without "?"
  header_list headers;         // names in lower case
  std::string body;            // bounded by the server
  bool from_loopback = false;  // the peer is on this machine: loopback address or Unix socket
  bool from_unix_socket = false;
  bool client_certificate = false;  // TLS with a certificate that the configured client_ca signed
  std::string peer;                 // "127.0.0.1:40312", "[::1]:40312", "unix": for logs and records
  std::string user;  // who it is: a name from [web].users, "token", a certificate's subject; empty: nobody

  std::string_view header(std::string_view lower_case_name) const;  // the first one; empty: not sent
};

struct response {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";  // refers to text that lives on (a literal)
  std::shared_ptr<const std::string> body;                      // shared: a scrape copies nothing; null: empty
  header_list headers;                                          // Content-Encoding, WWW-Authenticate, …
  std::string_view handler = "other";  // label of docksweep_http_requests_total, set by the server
};

// A short answer in plain text; a line end is added.
response text_response(int status, std::string_view text);

// True when an Accept-Encoding header allows gzip: by name or "*", and not with q=0 (RFC 9110, 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

// Letters, ASCII only: header names, host names and schemes compare without case.
bool same_without_case(std::string_view left, std::string_view right);
std::string lower_case(std::string_view text);

// A number from 1 to `most` that is the whole text; std::nullopt: none.
std::optional<std::int64_t> parse_number(std::string_view text, std::int64_t most);

// "name=value&other=more" with its escapes resolved ("+" is a blank); std::nullopt: a broken escape.
std::optional<header_list> parse_query(std::string_view query);

// A request's target split and decoded. False: not a path (RFC 9112, 3.2), a broken escape, or a NUL inside.
// Both "/path?query" and the absolute form "http://host/path" are read; the latter's authority is ignored, as Host
// rules.
bool split_target(std::string_view target, std::string& path, std::string& query);

}  // namespace docksweep::web
