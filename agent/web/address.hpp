// The text of [web].listen as a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::web {

struct listen_address {
  enum class kind { tcp, unix_socket, systemd };
  kind how = kind::tcp;
  std::string host;        // name or address, IPv6 without brackets; empty: every address, IPv4 and IPv6
  std::uint16_t port = 0;  // 0: the system chooses
  std::string path;        // of a Unix socket, absolute
  bool operator==(const listen_address&) const = default;
};

// Reads "HOST:PORT", "[IPv6]:PORT", ":PORT", "unix:///path" and "systemd". Fails as `invalid` with what is allowed.
core::result<listen_address> parse_listen_address(std::string_view text);

// "127.0.0.1:9713", "[::1]:9713": brackets around what holds a colon.
std::string host_and_port(std::string_view host, std::uint16_t port);

}  // namespace docksweep::web
