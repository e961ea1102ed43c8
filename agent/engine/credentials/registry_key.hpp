// The keys of config.json's maps, and which of them speaks for a repository.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace docksweep::engine {

// How Docker Hub is called here, in image names ("docker.io/library/alpine"), and as a key and server address: the last
// is a constant of docker/cli, which asks helpers for it and writes it into X-Registry-Auth.
inline constexpr std::string_view docker_hub = "docker.io";
inline constexpr std::string_view docker_hub_address = "https://index.docker.io/v1/";

struct registry_key {
  std::string host;  // lower case, with its port; labels may hold `*`
  std::string path;  // of a repository or a folder of them, without slashes at its ends; empty: the whole registry

  bool is_glob() const { return host.find('*') != std::string::npos; }
};

// A host as it is compared: lower case, the Hub's other names (index.docker.io, registry-1.docker.io) as docker.io. A
// port counts as it is written: docker/cli and the kubelet tell reg:443 from reg.
std::string canonical_host(std::string_view host);
// What docker/cli calls this registry: the host, or the Hub's address.
std::string server_address(std::string_view host);

// Reads "reg.example.com", "https://reg.example.com/v1/", "reg.example.com:5000/team", "*.example.com". The path of an
// API is cut off: /v1/ and /v2/ alone, and before a URL's other path (the kubelet's rule).
// std::nullopt: no host can be meant (another scheme, a user, a query, spaces).
std::optional<registry_key> parse_registry_key(std::string_view text);

// Does `key` speak for this repository? Hosts are equal, or `*` stands for any characters within one label (the
// kubelet's rule; the number of labels and the port are equal); the key's path is the repository's or one of its
// folders (podman's rule: team does not speak for teamwork, for which the kubelet would take it). `host` is canonical.
bool speaks_for(const registry_key& key, std::string_view host, std::string_view path);

// Of two keys that speak for the same repository: is `left` the nearer one? An exact host before a glob, then the
// longer path, then the glob with more letters; equal keys are in no order.
bool nearer(const registry_key& left, const registry_key& right);

}  // namespace docksweep::engine
