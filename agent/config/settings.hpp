// The whole configuration, validated, with every default filled in (POLICY.md's TOML; config/docksweep.toml explains
// it).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/inventory.hpp"
#include "core/policy.hpp"

namespace docksweep::config {

using core::duration;  // milliseconds

struct tls_client {
  std::string ca, cert, key;
  bool operator==(const tls_client&) const = default;
};

struct engine_settings {
  std::string host;               // empty: DOCKER_HOST, the docker CLI's current context, the default socket
  std::optional<tls_client> tls;  // for tcp://
  duration timeout = std::chrono::seconds(30);
  std::vector<std::string> paths;  // file systems to watch; empty: DockerRootDir, and containerd's root on that store
};

struct inventory_settings {
  duration resync = std::chrono::minutes(5);
  duration disk_usage = std::chrono::minutes(15);
};

struct state_settings {
  std::string path = "/var/lib/docksweep/state.db";
  duration history = std::chrono::hours(24 * 90);
};

struct metrics_settings {
  int per_image = 0;  // series for the N largest images
};

struct web_tls {
  std::string cert, key, client_ca;  // client_ca empty: no client certificates
};

struct web_settings {
  std::vector<std::string> listen = {"0.0.0.0:9713"};  // "HOST:PORT", "[::1]:PORT", "unix:///path", "systemd"
  std::optional<web_tls> tls;
  std::map<std::string, std::string> users;  // name → bcrypt hash; may read
  std::string token_file;                    // bearer token; may read and POST; empty: none
};

enum class log_format { logfmt, json };
enum class log_level { debug, info, warn, error };

struct log_settings {
  log_level level = log_level::info;
  log_format format = log_format::logfmt;
};

struct basic_auth {
  std::string username, password_file;
  bool operator==(const basic_auth&) const = default;
};

struct alertmanager_settings {
  std::vector<std::string> urls;
  duration poll = std::chrono::seconds(30);
  std::string node;  // matchers (core::parse_matchers); empty: every alert is about this node
  std::string bearer_token_file;
  std::optional<basic_auth> basic;
  std::optional<tls_client> tls;
  bool operator==(const alertmanager_settings&) const = default;
};

struct registry_settings {
  std::string username, password_file;
  bool operator==(const registry_settings&) const = default;
};

struct settings {
  core::mode mode = core::mode::observe;
  duration settle = std::chrono::minutes(10);
  engine_settings engine;
  inventory_settings inventory;
  state_settings state;
  metrics_settings metrics;
  web_settings web;
  log_settings log;
  core::keep_rules keep;
  std::vector<core::policy> policies;
  alertmanager_settings alertmanager;
  std::map<std::string, registry_settings> registries;  // by host
  std::string hash;  // SHA-256 of the effective configuration, for docksweep_config_info
};

}  // namespace docksweep::config
