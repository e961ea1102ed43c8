// Checks that need more than one key.
#include "config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "net/endpoint.hpp"

namespace docksweep::config {
namespace {

void check_pair(reader& where, const std::string& table, std::string_view first, std::string_view second) {
  const auto path = [&](std::string_view key) { return fmt::format("{}.{}", table, key); };
  const bool has_first = where.written(path(first)), has_second = where.written(path(second));
  if (has_first == has_second) return;
  where.fail(path(has_first ? first : second),
             fmt::format("{} needs {} beside it", has_first ? first : second, has_first ? second : first));
}

void check_both(reader& where, const std::string& table, std::string_view first, std::string_view second) {
  if (where.written(fmt::format("{}.{}", table, first)) || where.written(fmt::format("{}.{}", table, second))) {
    return check_pair(where, table, first, second);
  }
  where.fail(table, fmt::format("{} needs {} and {}", table, first, second));
}

void check_engine(const settings& all, reader& where) {
  check_pair(where, "engine.tls", "cert", "key");
  if (!all.engine.tls || all.engine.host.empty()) return;
  const auto endpoint = net::parse_endpoint(all.engine.host);
  if (endpoint && endpoint->how == net::endpoint::kind::unix_socket) {
    where.fail("engine.tls", fmt::format("tls is for tcp:// addresses, and engine.host is {}", all.engine.host));
  }
}

void check_web(const settings& all, reader& where) {
  if (where.written("web.tls")) check_both(where, "web.tls", "cert", "key");
  std::set<std::string> seen;
  for (const auto& address : all.web.listen) {
    if (!seen.insert(address).second) where.fail("web.listen", fmt::format("\"{}\" is listed twice", address));
  }
}

void check_alertmanager(const settings& all, reader& where) {
  const auto& place = all.alertmanager;
  check_pair(where, "alertmanager.tls", "cert", "key");
  if (place.basic) check_both(where, "alertmanager.basic_auth", "username", "password_file");
  if (place.basic && where.written("alertmanager.bearer_token_file")) {
    where.fail("alertmanager.basic_auth", "basic_auth and bearer_token_file exclude each other");
  }
}

void check_registries(const settings& all, reader& where) {
  for (const auto& [name, registry] : all.registries)
    check_both(where, "registry." + name, "username", "password_file");
}

// A contradiction with a value that could not be read is noise: what was meant is not known yet.
bool is_noise(const reader& where, const std::string& policy, const std::string& key) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> depends{{{"remove", "remove"},
                                                                                  {"remove", "until"},
                                                                                  {"remove", "limits"},
                                                                                  {"remove", "when"},
                                                                                  {"when.for", "when"},
                                                                                  {"splay", "when.schedule"},
                                                                                  {"archive", "remove"}}};
  const auto failed = [&](std::string_view on) { return where.failed_under(fmt::format("{}.{}", policy, on)); };
  return failed(key) ||
         std::ranges::any_of(depends, [&](const auto& pair) { return pair.first == key && failed(pair.second); });
}

void check_policy(const core::policy& one, const std::string& path, reader& where) {
  auto found = core::check(one);
  std::erase_if(found, [&](const core::policy_fault& fault) { return is_noise(where, path, fault.key); });
  if (where.written(path + ".remove.build_cache") && !where.written(path + ".remove.build_cache.over") &&
      !where.failed_under(path + ".remove.build_cache")) {
    found.push_back({"remove.build_cache",
                     "build_cache needs over, the bytes to keep: over = \"0B\" removes all that is not in use"});
  }
  for (auto& fault : found) where.fail(fmt::format("{}.{}", path, fault.key), std::move(fault.message));
}

void check_policies(const settings& all, reader& where) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < all.policies.size(); ++i) {
    const auto path = fmt::format("policy[{}]", i);
    if (where.failed_at(path)) continue;  // not a table
    const auto& name = all.policies[i].name;
    check_policy(all.policies[i], path, where);
    if (!name.empty() && !seen.insert(name).second)
      where.fail(path + ".name", fmt::format("there are two policies named \"{}\"", name));
  }
}

}  // namespace

void check_across_keys(const settings& all, reader& where) {
  check_engine(all, where);
  check_web(all, where);
  check_alertmanager(all, where);
  check_registries(all, where);
  check_policies(all, where);
}

}  // namespace docksweep::config
