// config.json of the docker CLI, in all its forms: ~/.docker/config.json, DOCKER_AUTH_CONFIG, podman's auth.json,
// Kubernetes' .dockerconfigjson, and the older .dockercfg (hosts at the top level). Pure: text in, values out.
//
// No failure holds anything of the text: where it is broken, a secret may be anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure.hpp"
#include "engine/credentials/registry_key.hpp"
#include "engine/credentials/secret.hpp"

namespace docksweep::engine {

inline constexpr std::size_t config_limit_bytes = 1 << 20;
inline constexpr std::size_t config_depth_limit = 32;

class docker_config {
 public:
  // One entry of `auths`.
  struct entry {
    registry_key key;
    bool as_docker_writes_it = false;  // spelled as `docker login` does
    credential login;
    std::string problem;  // why the entry cannot be used; empty: it can. Holds nothing of the text
  };

  // Fails (invalid, too_large) on what is no JSON object, and where auths, credHelpers or credsStore are not what they
  // should be. An odd entry spoils only its own registry. Empty text is an empty configuration, as for docker/cli.
  // `source` is how failures call it: "/root/.docker/config.json".
  static core::result<docker_config> parse(std::string_view text, std::string source);

  // NAME of the docker-credential-NAME that is to be asked for this registry; empty: none.
  // credHelpers before credsStore; an empty name in credHelpers takes a registry away from credsStore (docker/cli).
  // credHelpers' keys are hosts: docker/cli and podman know no paths or globs there.
  core::result<std::string> helper_for(std::string_view host) const;

  // The nearest entry of `auths` for a repository, usable or not; null: none. An entry without any credential (what is
  // left where a helper holds it) counts as absent. It lives as long as this object.
  const entry* find(std::string_view host, std::string_view path) const;

  // The same as a credential. Fails (invalid) when the nearest entry cannot be used.
  core::result<std::optional<credential>> login_for(std::string_view host, std::string_view path) const;

 private:
  struct helper {
    std::string host;
    bool as_docker_writes_it = false;
    std::optional<std::string> name;  // std::nullopt: it was no text
  };

  struct reader;
  std::string source_;
  std::vector<entry> entries_;
  std::vector<helper> helpers_;
  std::string store_;
};

}  // namespace docksweep::engine
