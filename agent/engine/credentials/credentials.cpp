// The sources, one after the other.
#include "engine/credentials/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/credentials/docker_config.hpp"
#include "engine/credentials/helper_process.hpp"
#include "engine/credentials/registry_auth.hpp"
#include "engine/credentials/registry_key.hpp"
#include "net/small_file.hpp"

namespace docksweep::engine {
namespace {

using core::failure_code;
using found = core::result<std::optional<credential>>;

constexpr std::size_t password_limit_bytes = 64 << 10;  // a token of some registries has several KiB
constexpr std::size_t host_limit_bytes = 512;

struct wanted {
  std::string host;  // canonical
  std::string path;
};

// A host goes to a helper's stdin as a line of its own.
core::result<std::string> checked_host(std::string_view host) {
  const auto key = parse_registry_key(host);
  if (!key || !key->path.empty() || key->is_glob() || host.size() > host_limit_bytes) {
    return core::fail(failure_code::invalid,
                      "a registry is a host and perhaps a port, as in \"registry.example.com:5000\"");
  }
  return key->host;
}

core::result<std::optional<docker_config>> read_config(const std::string& path) {
  const auto text = net::read_small_file(path, config_limit_bytes);
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::nullopt;
  return docker_config::parse(**text, path);
}

core::result<std::optional<docker_config>> read_auth_file(const std::string& path) {
  auto config = read_config(path);
  if (config && !*config) {
    return core::fail(failure_code::invalid, fmt::format("the file of registry credentials, {}, is not there", path));
  }
  return config;
}

void cut_line_break(std::string& text) {
  if (!text.ends_with('\n')) return;
  text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

found read_login(const registry_login& from, std::string_view host) {
  const auto failed = [&](std::string_view why) {
    return core::fail(failure_code::invalid,
                      fmt::format("password_file of the registry {}: {} {}", host, from.password_file, why));
  };
  auto text = net::read_small_file(from.password_file, password_limit_bytes);
  if (!text) return std::unexpected(text.error());
  if (!*text) return failed("is not there");
  cut_line_break(**text);
  if ((*text)->empty()) return failed("is empty");
  credential login{.username = from.username, .value = secret(**text)};
  if (const auto why = why_not_sendable(login); !why.empty()) return failed(fmt::format("cannot be used: {}", why));
  return login;
}

found in_registries(const std::map<std::string, registry_login>& registries, const wanted& which) {
  const registry_login* nearest = nullptr;
  registry_key nearest_key;
  for (const auto& [name, login] : registries) {
    const auto key = parse_registry_key(name);
    if (!key || !speaks_for(*key, which.host, which.path)) continue;
    if (nearest != nullptr && !nearer(*key, nearest_key)) continue;
    nearest = &login;
    nearest_key = *key;
  }
  if (nearest == nullptr) return std::nullopt;
  return read_login(*nearest, which.host);
}

struct helper_settings {
  std::string search_path;
  std::chrono::milliseconds timeout;
};

app::task<found> in_config(boost::asio::any_io_executor executor, docker_config config, wanted which,
                           helper_settings settings) {
  auto helper = config.helper_for(which.host);
  if (!helper) co_return std::unexpected(helper.error());
  if (!helper->empty()) {
    helper_question question;
    question.name = std::move(*helper);
    question.registry = which.host;
    question.search_path = std::move(settings.search_path);
    question.timeout = settings.timeout;
    auto answer = co_await ask_helper(executor, std::move(question));
    if (!answer || *answer) co_return answer;
  }
  co_return config.login_for(which.host, which.path);
}

}  // namespace

credentials::credentials(boost::asio::any_io_executor executor, credential_sources sources)
    : executor_(std::move(executor)), sources_(std::move(sources)) {}

app::task<core::result<std::string>> credentials::header_for(std::string host, std::string path) {
  auto canonical = checked_host(host);
  if (!canonical) co_return std::unexpected(canonical.error());
  const wanted which{std::move(*canonical), std::move(path)};
  const helper_settings settings{sources_.search_path, sources_.helper_timeout};

  using config_result = core::result<std::optional<docker_config>>;
  enum source { auth_file, registries, inline_config, config_file };
  for (const auto each : {auth_file, registries, inline_config, config_file}) {
    config_result config = std::nullopt;
    if (each == auth_file && !sources_.auth_file.empty()) config = read_auth_file(sources_.auth_file);
    if (each == inline_config) config = docker_config::parse(sources_.inline_config, "DOCKER_AUTH_CONFIG");
    if (each == config_file && !sources_.config_file.empty()) config = read_config(sources_.config_file);
    if (!config) co_return std::unexpected(config.error());
    found login = each == registries ? in_registries(sources_.registries, which) : std::nullopt;
    if (*config) login = co_await in_config(executor_, std::move(**config), which, settings);
    if (!login) co_return std::unexpected(login.error());
    if (*login) co_return registry_auth(**login, which.host);
  }
  co_return std::string();
}

}  // namespace docksweep::engine
