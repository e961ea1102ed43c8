// Text forms of single values that only configuration knows: addresses, paths, password hashes, time zones, words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/policy.hpp"

namespace docksweep::config {

using core::parsed;

parsed<std::string> parse_absolute_path(std::string_view text);
// "HOST:PORT", ":PORT", "[IPv6]:PORT", "unix:///path", "systemd".
parsed<std::string> parse_listen(std::string_view text);
// http:// or https://, a host, perhaps a port and a path; no user, query or fragment.
parsed<std::string> parse_http_url(std::string_view text);
// What net::parse_endpoint takes.
parsed<std::string> parse_engine_url(std::string_view text);
// As `htpasswd -B` and mkpasswd write it: $2a$, $2b$, $2x$ or $2y$, a cost of 04 to 31, 53 characters.
parsed<std::string> parse_bcrypt(std::string_view text);
// "registry.example.com" or "registry.example.com:5000": what stands before the first '/' of an image name.
parsed<std::string> parse_registry_host(std::string_view text);
parsed<std::string> parse_any_text(std::string_view text);  // anything but the empty string
// An empty one is kept as it is; else it must be a matcher.
parsed<std::string> parse_matcher_text(std::string_view text);
// "UTC" needs no time zone database, and is a null zone.
struct named_zone {
  std::string name;
  const date::time_zone* zone = nullptr;
};
parsed<named_zone> parse_zone(std::string_view text);
parsed<core::container_state> parse_removable_state(std::string_view text);

// One of these words: `"enfroce" is not known; did you mean "enforce"? Allowed: observe, enforce`.
core::text_fault unknown_word(std::string_view written, std::span<const std::string> allowed);

}  // namespace docksweep::config
