// What the web server serves, as values: requests in, responses out. No socket and no Beast here, so that handlers are
// tested without either.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace docksweep::web {

struct request {
  std::string method;            // "GET", "HEAD", "POST"
  std::string path;              // decoded, without the query
  std::string query;             // as sent, without "?"
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;              // bounded by the server
  bool from_loopback = false;    // the peer is on this machine: loopback address or Unix socket
  bool client_certificate = false;  // TLS with a certificate that the configured client_ca signed

  std::string_view header(std::string_view lower_case_name) const;  // empty: not sent
};

struct response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;                   // shared: a scrape copies nothing; null: empty
  std::vector<std::pair<std::string, std::string>> headers;  // Content-Encoding, WWW-Authenticate, …
  std::string_view handler = "other";                        // label of docksweep_http_requests_total
};

}  // namespace docksweep::web
