// Where a server is: a Unix socket, a TCP port, a TCP port behind TLS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::net {

// Paths of PEM files; all empty: plain TCP. `ca` empty: the system's certificates.
struct tls_files {
  std::string ca, cert, key;
  bool verify = true;  // false: whoever answers will do, as on this machine's own loopback address
  bool operator==(const tls_files&) const = default;
};

struct endpoint {
  enum class kind { unix_socket, tcp, tls };
  kind how = kind::unix_socket;
  std::string path;  // of the Unix socket
  std::string host;  // name or address, IPv6 without brackets
  std::uint16_t port = 0;
  tls_files tls;
  bool operator==(const endpoint&) const = default;
};

// Reads "unix:///path", "tcp://host:port", "http://host:port", "https://host:port" (TLS). tcp:// without a port means
// 2375 (2376 with TLS), as in the docker CLI; http:// and https:// mean 80 and 443. Any file in `tls` turns tcp:// into
// TLS. ssh:// and npipe:// are refused with a message that says what to use (failure_code::invalid).
core::result<endpoint> parse_endpoint(std::string_view url, const tls_files& tls = {});
std::string to_string(const endpoint& where);

// What goes into the Host header: "localhost" for a Unix socket (an engine answers 400 to a path there), else
// host:port.
std::string host_header(const endpoint& where);

}  // namespace docksweep::net
