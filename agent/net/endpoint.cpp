// Reads and writes the address of a server.
#include "net/endpoint.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace docksweep::net {
namespace {

constexpr std::string_view expected =
    "expected unix:///path/to/docker.sock, tcp://host:port, http://host:port or https://host:port";

core::result<endpoint> unix_endpoint(std::string_view url, std::string_view path) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.front() != '/') {
    return core::fail(core::failure_code::invalid,
                      fmt::format("\"{}\" is no address of an engine: a Unix socket needs an absolute path, "
                                  "as in unix:///var/run/docker.sock",
                                  url));
  }
  if (path.size() > longest) {
    return core::fail(core::failure_code::invalid,
                      fmt::format("\"{}\" is no address of an engine: the path of a Unix socket has at most {} bytes, "
                                  "this one has {}",
                                  url, longest, path.size()));
  }
  endpoint where;
  where.how = endpoint::kind::unix_socket;
  where.path = path;
  return where;
}

std::string refusal(std::string_view url, std::string_view scheme) {
  if (scheme == "ssh") {
    return fmt::format(
        "\"{}\" cannot be used: docksweep does not speak SSH; run it on the machine of the engine, or "
        "forward the socket (ssh -L /run/engine.sock:/var/run/docker.sock HOST) and use "
        "unix:///run/engine.sock",
        url);
  }
  if (scheme == "npipe") {
    return fmt::format("\"{}\" cannot be used: named pipes exist on Windows only; use unix:///var/run/docker.sock",
                       url);
  }
  return fmt::format("\"{}\" is no address of an engine: {}", url, expected);
}

std::uint16_t default_port(std::string_view scheme, bool tls) {
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  return tls ? 2376 : 2375;
}

}  // namespace

core::result<endpoint> parse_endpoint(std::string_view url, const tls_files& tls) {
  constexpr std::string_view unix_prefix = "unix://";
  // Taken as it stands, like the docker CLI does: a socket's path is no URL path, and a % in it is a %.
  if (url.starts_with(unix_prefix)) return unix_endpoint(url, url.substr(unix_prefix.size()));

  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return core::fail(core::failure_code::invalid, refusal(url, url.substr(0, url.find(':'))));
  const std::string scheme(parsed->scheme());
  if (scheme != "tcp" && scheme != "http" && scheme != "https") {
    return core::fail(core::failure_code::invalid, refusal(url, scheme));
  }
  const std::string path = parsed->path();
  if (parsed->host_address().empty() || parsed->has_userinfo() || parsed->has_query() || parsed->has_fragment() ||
      (!path.empty() && path != "/")) {
    return core::fail(
        core::failure_code::invalid,
        fmt::format("\"{}\" is no address of an engine: only a host and a port may follow {}://", url, scheme));
  }
  endpoint where;
  where.host = parsed->host_address();
  const bool with_tls = scheme == "https" || (scheme == "tcp" && tls != tls_files{});
  where.how = with_tls ? endpoint::kind::tls : endpoint::kind::tcp;
  where.port = default_port(scheme, with_tls);
  if (parsed->has_port() && !parsed->port().empty()) where.port = parsed->port_number();
  if (where.port == 0) {
    return core::fail(core::failure_code::invalid,
                      fmt::format("\"{}\" is no address of an engine: a port is a number from 1 to 65535", url));
  }
  if (with_tls) where.tls = tls;
  return where;
}

std::string host_header(const endpoint& where) {
  if (where.how == endpoint::kind::unix_socket) return "localhost";
  const bool ipv6 = where.host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", where.host, where.port) : fmt::format("{}:{}", where.host, where.port);
}

std::string to_string(const endpoint& where) {
  switch (where.how) {
    case endpoint::kind::unix_socket:
      return "unix://" + where.path;
    case endpoint::kind::tcp:
      return "tcp://" + host_header(where);
    case endpoint::kind::tls:
      return "https://" + host_header(where);
  }
  return {};
}

}  // namespace docksweep::net
