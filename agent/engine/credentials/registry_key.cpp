// Text only: nothing is resolved or asked.
#include "engine/credentials/registry_key.hpp"

#include <algorithm>
#include <tuple>

namespace docksweep::engine {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

// Letters, digits and what stands in a host with a port (IPv6 in brackets, too), and the star of a glob.
bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view(".-_:[]*").find(c) != std::string::npos;
}

std::string_view without_slashes(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view without_api(std::string_view path, bool is_url) {
  if (path == "v1" || path == "v2") return "";
  if (is_url && (path.starts_with("v1/") || path.starts_with("v2/"))) return without_slashes(path.substr(3));
  return path;
}

// One label; both are short.
bool label_matches(std::string_view glob, std::string_view label) {
  std::size_t at = 0, in = 0, star = std::string_view::npos, retry = 0;
  while (in < label.size()) {
    if (at < glob.size() && glob[at] == '*') {
      star = at++;
      retry = in;
    } else if (at < glob.size() && glob[at] == label[in]) {
      ++at, ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++retry;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', at) == std::string_view::npos;
}

std::pair<std::string_view, std::string_view> split_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return {host, ""};
  return {host.substr(0, colon), host.substr(colon)};
}

std::string_view take_label(std::string_view& name) {
  const auto dot = std::min(name.find('.'), name.size());
  const auto label = name.substr(0, dot);
  name.remove_prefix(std::min(dot + 1, name.size()));
  return label;
}

bool host_matches(std::string_view glob, std::string_view host) {
  auto [glob_name, glob_port] = split_port(glob);
  auto [name, port] = split_port(host);
  if (glob_port != port || std::ranges::count(glob_name, '.') != std::ranges::count(name, '.')) return false;
  while (!glob_name.empty() || !name.empty()) {
    if (!label_matches(take_label(glob_name), take_label(name))) return false;
  }
  return true;
}

}  // namespace

std::string canonical_host(std::string_view host) {
  auto name = lower(host);
  return name == "index.docker.io" || name == "registry-1.docker.io" ? std::string(docker_hub) : name;
}

std::string server_address(std::string_view host) {
  auto name = canonical_host(host);
  return name == docker_hub ? std::string(docker_hub_address) : name;
}

std::optional<registry_key> parse_registry_key(std::string_view text) {
  bool is_url = false;
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    const auto name = lower(text.substr(0, scheme));
    if (name != "http" && name != "https") return std::nullopt;
    text.remove_prefix(scheme + 3);
    is_url = true;
  }
  const auto slash = std::min(text.find('/'), text.size());
  registry_key key{.host = canonical_host(text.substr(0, slash)),
                   .path = std::string(without_api(without_slashes(text.substr(slash)), is_url))};
  if (key.host.empty() || !std::ranges::all_of(key.host, is_host_character)) return std::nullopt;
  if (key.path.find_first_of("?#") != std::string::npos) return std::nullopt;
  return key;
}

bool speaks_for(const registry_key& key, std::string_view host, std::string_view path) {
  if (key.is_glob() ? !host_matches(key.host, host) : key.host != host) return false;
  if (key.path.empty()) return true;
  return path.starts_with(key.path) && (path.size() == key.path.size() || path[key.path.size()] == '/');
}

bool nearer(const registry_key& left, const registry_key& right) {
  const auto rank = [](const registry_key& key) {
    const auto letters = static_cast<std::ptrdiff_t>(key.host.size()) - std::ranges::count(key.host, '*');
    return std::tuple(!key.is_glob(), key.path.size(), letters);
  };
  return rank(left) > rank(right);
}

}  // namespace docksweep::engine
