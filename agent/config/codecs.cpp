// Reading of single values; each refusal says what is allowed.
#include "config/codecs.hpp"

#include <date/tz.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <stdexcept>
#include <vector>

#include "config/nearest.hpp"
#include "core/matcher.hpp"
#include "net/endpoint.hpp"

namespace docksweep::config {
namespace {

constexpr std::string_view hidden = "<hidden>";

std::unexpected<core::text_fault> bad(std::string message, std::size_t offset = 0) {
  return std::unexpected(core::text_fault{std::move(message), offset});
}

bool is_port(std::string_view text, int least) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= least && port <= 65535;
}

bool is_hash_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
}

}  // namespace

parsed<std::string> parse_absolute_path(std::string_view text) {
  if (text.starts_with('/') && text.find('\0') == std::string_view::npos) return std::string(text);
  return bad(fmt::format("\"{}\" is not an absolute path: it must begin with /", text));
}

parsed<std::string> parse_listen(std::string_view text) {
  constexpr std::string_view help = R"("HOST:PORT", ":PORT", "[IPv6]:PORT", "unix:///path" or "systemd")";
  const auto refuse = [&](std::string_view why) {
    return bad(fmt::format("\"{}\" is no listen address: {}; allowed are {}", text, why, help));
  };
  constexpr std::string_view unix_prefix = "unix://";
  if (text == "systemd") return std::string(text);
  if (text.starts_with(unix_prefix)) {
    const auto path = text.substr(unix_prefix.size());
    if (!path.starts_with('/') || path.ends_with('/')) return refuse("a Unix socket needs the absolute path of a file");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
      return refuse(fmt::format("the path of a Unix socket has at most {} bytes", sizeof(sockaddr_un::sun_path) - 1));
    return std::string(text);
  }
  if (text.find("://") != std::string_view::npos) return refuse("it has no scheme but unix://");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("the port is missing");
  if (!is_port(text.substr(colon + 1), 0)) return refuse("a port is a number from 0 to 65535");
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return refuse("an IPv6 address stands in brackets");
  if (host.find_first_of("[]/ ") != std::string_view::npos) return refuse("the host is malformed");
  return std::string(text);
}

parsed<std::string> parse_http_url(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return bad(fmt::format("\"{}\" is no URL of an Alertmanager: {}, as in \"http://alertmanager:9093\"", text, why));
  };
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "http" && url->scheme() != "https"))
    return refuse("it begins with http:// or https://");
  // Not quoted in full: it may hold a password.
  if (url->has_userinfo()) return bad("a URL with a user name or password in it: use basic_auth or bearer_token_file");
  if (url->encoded_host().empty()) return refuse("it needs a host");
  if (url->has_query() || url->has_fragment()) return refuse("only a path may follow the host");
  if (url->has_port() && !is_port(std::string_view(url->port().data(), url->port().size()), 1))
    return refuse("a port is a number from 1 to 65535");
  return std::string(text);
}

parsed<std::string> parse_engine_url(std::string_view text) {
  const auto endpoint = net::parse_endpoint(text);
  if (!endpoint) return bad(endpoint.error().message);
  return std::string(text);
}

parsed<std::string> parse_bcrypt(std::string_view text) {
  if (text == hidden)
    return bad("\"<hidden>\" is the mask that check-config --effective writes: put the bcrypt hash here");
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  const bool shaped = text.size() == 60 && text.starts_with("$2") &&
                      std::string_view("aby").find(text[2]) != std::string_view::npos && text[3] == '$' && digit(4) &&
                      digit(5) && text[6] == '$' && std::ranges::all_of(text.substr(7), is_hash_character);
  const int cost = shaped ? (text[4] - '0') * 10 + (text[5] - '0') : 0;
  if (cost >= 4 && cost <= 31) return std::string(text);
  // The text itself is left out: it may be a password.
  return bad(
      "this is no bcrypt hash ($2y$, a cost from 04 to 31, $ and 53 characters): write it with htpasswd -nB NAME");
}

parsed<std::string> parse_registry_host(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    return bad(fmt::format(
        "\"{}\" has a scheme: a registry is named as in an image name, \"registry.example.com:5000\"", text));
  }
  if (text.empty() || text.find_first_of("/ @") != std::string_view::npos) {
    return bad(
        fmt::format("\"{}\" is no registry: a host and perhaps a port, as in \"registry.example.com:5000\"", text));
  }
  return std::string(text);
}

parsed<std::string> parse_any_text(std::string_view text) {
  if (text.empty()) return bad("is empty");
  return std::string(text);
}

parsed<std::string> parse_matcher_text(std::string_view text) {
  const auto matchers = core::parse_matchers(text);
  if (!matchers) return std::unexpected(matchers.error());
  return std::string(text);
}

parsed<named_zone> parse_zone(std::string_view text) {
  if (text == "UTC") return named_zone{"UTC", nullptr};
  try {
    return named_zone{std::string(text), date::locate_zone(text)};
  } catch (const std::runtime_error&) {
    // No such zone, or no database; told apart below.
  }
  std::vector<std::string> names;
  try {
    for (const auto& zone : date::get_tzdb().zones) names.push_back(zone.name());
  } catch (const std::runtime_error&) {
  }
  if (names.empty())
    return bad(fmt::format(
        "\"{}\" cannot be looked up: this system has no time zone database (package tzdata); \"UTC\" needs none",
        text));
  const auto meant = nearest(text, names);
  return bad(fmt::format("\"{}\" is no time zone{} Names are those of the IANA database, as in \"Europe/Berlin\"", text,
                         meant ? fmt::format("; did you mean \"{}\"?", *meant) : "."));
}

parsed<core::container_state> parse_removable_state(std::string_view text) {
  using core::container_state;
  std::vector<std::string> allowed;
  for (const auto state : {container_state::exited, container_state::dead, container_state::created}) {
    if (text == core::to_string(state)) return state;
    allowed.emplace_back(core::to_string(state));
  }
  for (const auto state : core::all_container_states) {
    if (text == core::to_string(state))
      return bad(fmt::format("{} containers are never removed: exited, dead and created are allowed", text));
  }
  return std::unexpected(unknown_word(text, allowed));
}

core::text_fault unknown_word(std::string_view written, std::span<const std::string> allowed) {
  const auto meant = nearest(written, allowed);
  return {fmt::format("\"{}\" is not known{} Allowed: {}", written,
                      meant ? fmt::format("; did you mean \"{}\"?", *meant) : ".", fmt::join(allowed, ", ")),
          0};
}

}  // namespace docksweep::config
