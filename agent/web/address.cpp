// Reads listen addresses; see address.hpp.
#include "web/address.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>

namespace docksweep::web {
namespace {

using core::fail;
using core::failure_code;

constexpr std::string_view unix_prefix = "unix://";
// sun_path holds a closing NUL too.
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<core::failure> not_an_address(std::string_view text, std::string_view why) {
  return fail(failure_code::invalid,
              fmt::format("\"{}\" is not a listen address: {}. Allowed are \"HOST:PORT\", \"[IPv6]:PORT\", \":PORT\", "
                          "\"unix:///path\" and \"systemd\".",
                          text, why));
}

core::result<listen_address> parse_unix(std::string_view text) {
  const auto path = text.substr(unix_prefix.size());
  if (path.empty() || path.front() != '/') return not_an_address(text, "the path of a Unix socket is absolute");
  if (path.size() > longest_socket_path) {
    return not_an_address(text, fmt::format("the path of a Unix socket has at most {} bytes", longest_socket_path));
  }
  if (path.back() == '/') return not_an_address(text, "the path of a Unix socket is a file");
  return listen_address{.how = listen_address::kind::unix_socket, .path = std::string(path)};
}

}  // namespace

core::result<listen_address> parse_listen_address(std::string_view text) {
  if (text == "systemd") return listen_address{.how = listen_address::kind::systemd};
  if (text.starts_with(unix_prefix)) return parse_unix(text);
  if (text.find("://") != std::string_view::npos) return not_an_address(text, "a listen address has no scheme");

  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address(text, "the port is missing");
  const auto port_text = text.substr(colon + 1);
  auto host = text.substr(0, colon);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || end != port_text.data() + port_text.size()) {
    return not_an_address(text, "the port is a number from 0 to 65535");
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return not_an_address(text, "an IPv6 address stands in brackets");
  }
  if (host.find_first_of("[]/ ") != std::string_view::npos) return not_an_address(text, "the host is malformed");
  return listen_address{.host = std::string(host), .port = port};
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

}  // namespace docksweep::web
