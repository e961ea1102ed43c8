// Opens TCP ports with plain system calls, whose errors can be told in full, and takes over systemd's sockets; see
// listener.hpp. Unix sockets are in unix_listener.cpp.
#include "web/listener.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "web/address.hpp"
#include "web/socket.hpp"

namespace docksweep::web {
namespace {

namespace asio = boost::asio;
using core::fail;
using core::failure_code;

std::string advice_for(int error, std::uint16_t port) {
  switch (error) {
    case EADDRINUSE:
      return fmt::format(
          ". Another program has this port (`ss -ltnp 'sport = :{}'` shows which): stop it, or set another "
          "port in [web].listen.",
          port);
    case EACCES:
      return ". A port below 1024 needs the capability CAP_NET_BIND_SERVICE: choose a higher one.";
    case EADDRNOTAVAIL:
      return ". No interface of this machine has this address.";
    default:
      return ".";
  }
}

struct resolved {
  sockaddr_storage address{};
  socklen_t size = 0;
  int family = 0;
};

core::result<std::vector<resolved>> resolve(const listen_address& where, std::string_view configured) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const auto port = std::to_string(where.port);
  const int error = ::getaddrinfo(where.host.empty() ? "::" : where.host.c_str(), port.c_str(), &hints, &list);
  if (error != 0) {
    return fail(failure_code::invalid, fmt::format("Cannot listen on {} ([web].listen): the host is not known: {}.",
                                                   configured, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<resolved> found;
  for (const auto* one = list; one != nullptr; one = one->ai_next) {
    resolved next{.size = one->ai_addrlen, .family = one->ai_family};
    std::memcpy(&next.address, one->ai_addr, one->ai_addrlen);
    found.push_back(next);
  }
  return found;
}

// Returns errno, or 0 and the listening socket in `made`.
int open_tcp(const resolved& where, bool both_families, descriptor& made) {
  const int number = ::socket(where.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (number < 0) return errno;
  descriptor socket(number);
  const int on = 1, only = both_families ? 0 : 1;
  ::setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (where.family == AF_INET6) ::setsockopt(number, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  if (::bind(number, reinterpret_cast<const sockaddr*>(&where.address), where.size) != 0) return errno;
  if (::listen(number, backlog) != 0) return errno;
  std::destroy_at(&made);
  std::construct_at(&made, std::move(socket));
  return 0;
}

// "[::]:9713" takes IPv4 along, as in other exporters, unless the list asks for IPv4 on that port by itself.
bool takes_both_families(const listen_address& where, const std::vector<std::string>& all) {
  if (!where.host.empty() && where.host != "::") return false;
  if (where.port == 0) return true;
  return std::ranges::none_of(all, [&](const auto& text) {
    const auto other = parse_listen_address(text);
    return other && other->how == listen_address::kind::tcp && other->port == where.port && !other->host.empty() &&
           other->host.find(':') == std::string::npos;
  });
}

core::result<std::vector<listener>> open_tcp_listeners(const asio::any_io_executor& executor,
                                                       const listen_address& where, std::string_view configured,
                                                       const std::vector<std::string>& all) {
  auto addresses = resolve(where, configured);
  if (!addresses) return std::unexpected(addresses.error());
  const bool both = takes_both_families(where, all);
  std::vector<listener> made;
  int error = 0;
  for (const auto& address : *addresses) {
    descriptor socket(-1);
    const int failed = open_tcp(address, both, socket);
    if (failed == 0) {
      made.push_back(adopt(executor, std::move(socket), configured));
      made.back().dual_stack = both && address.family == AF_INET6;
    }
    // Without IPv6 in the kernel, "localhost" and ":PORT" still have IPv4.
    const bool no_such_family =
        failed == EAFNOSUPPORT || (failed == EADDRNOTAVAIL && (addresses->size() > 1 || where.host.empty()));
    if (failed == 0 || no_such_family) continue;
    return cannot_listen(configured, failed, advice_for(failed, where.port));
  }
  if (made.empty() && where.host.empty()) {
    return open_tcp_listeners(executor, {.host = "0.0.0.0", .port = where.port}, configured, all);
  }
  if (made.empty()) {
    error = EADDRNOTAVAIL;
    return cannot_listen(configured, error, advice_for(error, where.port));
  }
  return made;
}

core::result<std::vector<listener>> adopt_inherited(const asio::any_io_executor& executor,
                                                    const std::vector<int>& inherited, std::string_view configured) {
  if (inherited.empty()) {
    return fail(
        failure_code::invalid,
        "[web].listen has \"systemd\", but systemd handed no socket over: start docksweep through its .socket unit, "
        "or set an address instead.");
  }
  std::vector<listener> made;
  for (const int number : inherited) {
    ::fcntl(number, F_SETFD, FD_CLOEXEC);  // not for a credential helper
    int listening = 0;
    socklen_t size = sizeof listening;
    if (::getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0) {
      return fail(
          failure_code::invalid,
          fmt::format("Descriptor {}, handed over by systemd, is not a listening stream socket: its .socket unit "
                      "needs ListenStream= and Accept=no.",
                      number));
    }
    descriptor copy(::fcntl(number, F_DUPFD_CLOEXEC, 0));  // the original stays for another reload
    if (copy.get() < 0) return cannot_listen(configured, errno, ".");
    made.push_back(adopt(executor, std::move(copy), configured));
  }
  return made;
}

}  // namespace

core::result<std::vector<listener>> open_listeners(const asio::any_io_executor& executor,
                                                   const std::vector<std::string>& texts,
                                                   const std::vector<std::string>& all,
                                                   const std::vector<int>& inherited) {
  std::vector<listener> made;
  for (const auto& text : texts) {
    const auto where = parse_listen_address(text);
    if (!where) return std::unexpected(where.error());
    core::result<std::vector<listener>> opened;
    if (where->how == listen_address::kind::tcp) {
      opened = open_tcp_listeners(executor, *where, text, all);
    } else if (where->how == listen_address::kind::systemd) {
      opened = adopt_inherited(executor, inherited, text);
    } else if (auto one = open_unix(executor, *where, text)) {
      opened->push_back(std::move(*one));
    } else {
      opened = std::unexpected(one.error());
    }
    if (!opened) return opened;
    std::ranges::move(*opened, std::back_inserter(made));
  }
  return made;
}

bool can_stay(const listener& one, const std::vector<std::string>& all) {
  if (std::ranges::find(all, one.configured) == all.end()) return false;
  const auto where = parse_listen_address(one.configured);
  const bool is_any_ipv6 = one.where.starts_with("[::]:");
  return !where || !is_any_ipv6 || one.dual_stack == takes_both_families(*where, all);
}

bool stands_in_the_way(const listener& one, std::string_view text) {
  const auto was = parse_listen_address(one.configured), wants = parse_listen_address(text);
  if (!was || !wants || was->how != listen_address::kind::tcp || wants->how != was->how) return false;
  const auto has = parse_listen_address(one.where);  // "127.0.0.1:0" has a port as well
  return has && has->port == wants->port;
}

std::vector<int> inherited_descriptors(std::string_view listen_pid, std::string_view listen_fds, pid_t self) {
  constexpr int first = 3;  // SD_LISTEN_FDS_START
  constexpr int most = 64;
  const auto number = [](std::string_view text) {
    long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : -1;
  };
  std::vector<int> found;
  if (number(listen_pid) != self) return found;
  const long count = number(listen_fds);
  for (int next = first; next < first + std::min<long>(count, most); ++next) found.push_back(next);
  return found;
}

}  // namespace docksweep::web
