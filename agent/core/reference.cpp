#include "core/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/pattern.hpp"

namespace docksweep::core {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::unexpected<failure> wrong(std::string_view text, std::string_view why) {
  return fail(failure_code::invalid, fmt::format("'{}' is not a reference to an image: {}", text, why));
}

// Runs of [a-z0-9], joined by '.', '_', '__' or any number of '-'.
bool is_component(std::string_view text) {
  std::size_t at = 0;
  const auto run = [&] {
    const auto from = at;
    while (at < text.size() && (is_lower(text[at]) || is_digit(text[at]))) ++at;
    return at > from;
  };
  if (!run()) return false;
  while (at < text.size()) {
    const char separator = text[at];
    if (separator != '.' && separator != '_' && separator != '-') return false;
    const auto from = at;
    while (at < text.size() && text[at] == separator) ++at;
    const auto count = at - from;
    if ((separator == '.' && count > 1) || (separator == '_' && count > 2) || !run()) return false;
  }
  return true;
}

bool is_path(std::string_view path) {
  for (;;) {
    const auto slash = path.find('/');
    if (!is_component(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '-'; };
  return !label.empty() && label.front() != '-' && label.back() != '-' && std::ranges::all_of(label, fits);
}

// A host name, an IPv4 address, or an IPv6 address in brackets; then a port.
bool is_domain(std::string_view domain) {
  std::string_view host = domain, port;
  if (domain.starts_with('[')) {
    const auto close = domain.find(']');
    if (close == std::string_view::npos || close == 1) return false;
    host = domain.substr(1, close - 1);
    port = domain.substr(close + 1);
    const auto fits = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':'; };
    if (!std::ranges::all_of(host, fits)) return false;
  } else {
    if (const auto colon = domain.find(':'); colon != std::string_view::npos) {
      host = domain.substr(0, colon);
      port = domain.substr(colon);
    }
    while (true) {
      const auto dot = host.find('.');
      if (!is_label(host.substr(0, dot))) return false;
      if (dot == std::string_view::npos) break;
      host.remove_prefix(dot + 1);
    }
  }
  return port.empty() || (port.size() > 1 && port.front() == ':' && std::ranges::all_of(port.substr(1), is_digit));
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= longest_tag && is_word(tag.front()) &&
         std::ranges::all_of(tag, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// sha256 is what registries use; a longer algorithm is taken when it looks like one.
bool is_digest(std::string_view digest) {
  if (digest.starts_with("sha256:")) return digest.size() == 71 && is_hex(digest.substr(7));
  if (digest.starts_with("sha384:")) return digest.size() == 103 && is_hex(digest.substr(7));
  return digest.starts_with("sha512:") && digest.size() == 135 && is_hex(digest.substr(7));
}

}  // namespace

std::string image_reference::version() const {
  if (!digest.empty()) return digest;
  return tag.empty() ? "latest" : tag;
}

std::string image_reference::familiar() const {
  auto text = familiar_reference(repository());
  if (!tag.empty()) text += ":" + tag;
  if (!digest.empty()) text += "@" + digest;
  return text;
}

result<image_reference> parse_reference(std::string_view text) {
  if (text.empty()) return wrong(text, "it is empty");
  if (text.size() == 64 && is_hex(text)) return wrong(text, "it is an ID, and registries know names and digests");
  if (text.starts_with("sha256:")) return wrong(text, "a digest needs its repository: NAME@sha256:…");
  image_reference found;
  auto rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    found.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_digest(found.digest)) return wrong(text, "after the @ a digest is wanted: sha256: and 64 hex digits");
  }
  const auto slash = rest.rfind('/');
  const auto colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    found.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_tag(found.tag)) {
      return wrong(text, "a tag has letters, digits, '_', '.' and '-', 128 at most, and begins with none of the last two");
    }
  }
  const auto whole = canonical_reference(rest);
  const auto first = whole.find('/');
  found.domain = whole.substr(0, first);
  found.path = whole.substr(first + 1);
  if (!is_domain(found.domain)) return wrong(text, fmt::format("'{}' is no registry's host and port", found.domain));
  if (!is_path(found.path)) {
    const bool upper = std::ranges::any_of(found.path, [](char c) { return c >= 'A' && c <= 'Z'; });
    return wrong(text, upper ? "a repository's name is in lower case"
                             : "a repository's name has a-z and 0-9, joined by '.', '_', '-' or '/'");
  }
  if (found.repository().size() > longest_name) return wrong(text, "it is longer than 255 characters");
  return found;
}

}  // namespace docksweep::core
