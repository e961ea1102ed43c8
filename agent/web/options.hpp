// What a server is told: where it listens, whom it lets in, and its limits.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace docksweep::web {

// Every wait ends and every size is bounded, so that a slow or hostile peer cannot hold the agent.
struct server_limits {
  std::size_t connections = 128;        // one more, and the connection that has waited longest for a request goes
  std::size_t header_bytes = 8 * 1024;  // 431 above it
  std::size_t target_bytes = 4 * 1024;  // 414 above it
  std::chrono::milliseconds handshake = std::chrono::seconds(10);  // of TLS
  std::chrono::milliseconds header = std::chrono::seconds(10);     // from accept or first byte to the header's end
  std::chrono::milliseconds body = std::chrono::seconds(30);       // from the header's end to the body's
  std::chrono::milliseconds send = std::chrono::seconds(30);       // of a whole response
  std::chrono::milliseconds idle = std::chrono::minutes(3);        // between two requests: above usual scrape intervals
  std::chrono::milliseconds linger = std::chrono::seconds(1);      // for the peer to read a refusal before the end
  std::chrono::milliseconds stop = std::chrono::milliseconds(500);  // for requests in progress at shutdown
};

struct server_options {
  std::vector<std::string> listen;
  std::optional<config::web_tls> tls;        // for TCP; a Unix socket is guarded by its file's mode
  std::map<std::string, std::string> users;  // name → bcrypt hash
  std::string token_file;                    // empty: none
  std::vector<int> inherited;                // for "systemd": what inherited_descriptors() (listener.hpp) found
  std::vector<std::string> names;            // names of this machine that a browser on it may use, beside localhost
  server_limits limits;
};

// The options that [web] holds; `inherited` and `names` are the caller's.
inline server_options options_from(const config::web_settings& web) {
  server_options options;
  options.listen = web.listen;
  options.tls = web.tls;
  options.users = web.users;
  options.token_file = web.token_file;
  return options;
}

}  // namespace docksweep::web
