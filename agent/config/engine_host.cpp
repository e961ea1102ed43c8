// The docker CLI's way to its engine (cli/command/cli.go and cli/context/store of docker/cli), with ours before it.
#include "config/engine_host.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "core/digest.hpp"

namespace docksweep::config {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view default_host = "unix:///var/run/docker.sock";
constexpr std::streamsize longest_file_bytes = 1 << 20;

// The object in a JSON file; nullopt: no file, no object, or more than 1 MiB.
std::optional<json::object> read_object(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text;
  std::array<char, 8192> part{};
  while (in.read(part.data(), part.size()) || in.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(in.gcount()));
    if (static_cast<std::streamsize>(text.size()) > longest_file_bytes) return std::nullopt;
  }
  json::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string().c_str()) : std::string();
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

// ca.pem, cert.pem and key.pem of a folder, those that are there.
net::tls_files files_in(const fs::path& folder) {
  const auto there = [&](const char* name) {
    std::error_code error;
    const auto path = folder / name;
    return fs::exists(path, error) ? path.string() : std::string();
  };
  return {.ca = there("ca.pem"), .cert = there("cert.pem"), .key = there("key.pem")};
}

// As the docker CLI: any value of DOCKER_TLS_VERIFY switches TLS on, and DOCKER_CERT_PATH defaults to its own folder.
net::tls_files tls_of_environment(const environment& env) {
  if (env.variable("DOCKER_TLS_VERIFY").empty()) return {};
  const auto folder = env.variable("DOCKER_CERT_PATH");
  const auto place = folder.empty() ? fs::path(docker_cli_folder(env)) : fs::path(folder);
  // Named although they may be missing: then the connection fails with the file's name instead of going on without TLS.
  return {.ca = place / "ca.pem", .cert = place / "cert.pem", .key = place / "key.pem"};
}

core::result<engine_host> at(std::string_view url, const net::tls_files& tls, std::string source) {
  auto where = net::parse_endpoint(url, tls);
  if (!where) return core::fail(where.error().code, fmt::format("{}: {}", source, where.error().message));
  return engine_host{.where = std::move(*where), .source = std::move(source)};
}

// The name of the context in use; empty: none but "default".
std::string context_name(const environment& env) {
  auto name = env.variable("DOCKER_CONTEXT");
  if (name.empty()) {
    const fs::path folder = docker_cli_folder(env);
    const auto settings = folder.empty() ? std::nullopt : read_object(folder / "config.json");
    if (settings) name = text_at(*settings, "currentContext");
  }
  return name == "default" ? std::string() : name;
}

core::result<engine_host> from_context(const std::string& name, const environment& env) {
  const auto source = fmt::format("docker context {}", name);
  const auto contexts = fs::path(docker_cli_folder(env)) / "contexts";
  const auto digest = core::sha256_hex(name);  // the CLI's name of a context's folders
  const auto meta_path = contexts / "meta" / digest / "meta.json";
  const auto meta = read_object(meta_path);
  if (!meta) {
    return core::fail(core::failure_code::invalid,
                      fmt::format("{} cannot be read from {}: give --host, set DOCKER_HOST, or choose a context that "
                                  "`docker context ls` shows",
                                  source, meta_path.string()));
  }
  const auto* endpoints = object_at(*meta, "Endpoints");
  const auto* docker = endpoints != nullptr ? object_at(*endpoints, "docker") : nullptr;
  const auto host = docker != nullptr ? text_at(*docker, "Host") : std::string();
  if (host.empty())
    return core::fail(core::failure_code::invalid,
                      fmt::format("{} has no Docker endpoint in {}", source, meta_path.string()));
  return at(host, files_in(contexts / "tls" / digest / "docker"), source);
}

}  // namespace

net::tls_files tls_files_of(const std::optional<tls_client>& given) {
  if (!given) return {};
  return {.ca = given->ca, .cert = given->cert, .key = given->key};
}

std::string docker_cli_folder(const environment& env) {
  if (auto own = env.variable("DOCKER_CONFIG"); !own.empty()) return own;
  if (const auto home = env.variable("HOME"); !home.empty()) return home + "/.docker";
  return {};
}

core::result<engine_host> resolve_engine_host(const std::string& host_option, const engine_settings& engine,
                                              const environment& env) {
  const auto own = engine.tls ? tls_files_of(engine.tls) : tls_of_environment(env);
  if (!host_option.empty()) return at(host_option, own, "--host");
  if (!engine.host.empty()) return at(engine.host, own, "engine.host");
  if (const auto host = env.variable("DOCKER_HOST"); !host.empty()) return at(host, own, "DOCKER_HOST");
  if (const auto name = context_name(env); !name.empty()) return from_context(name, env);
  return at(default_host, {}, "default");
}

}  // namespace docksweep::config
