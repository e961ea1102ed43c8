// Which engine to talk to, in the order of the docker CLI, and who said so.
#pragma once

#include <string>

#include "config/environment.hpp"
#include "config/settings.hpp"
#include "core/failure.hpp"
#include "net/endpoint.hpp"

namespace docksweep::config {

struct engine_host {
  net::endpoint where;
  std::string source;  // "--host", "engine.host", "DOCKER_HOST", "docker context NAME", "default"
};

// --host (empty: not given), engine.host, DOCKER_HOST, the docker CLI's current context (DOCKER_CONTEXT, else
// currentContext in $DOCKER_CONFIG or ~/.docker/config.json), unix:///var/run/docker.sock. For tcp://: engine.tls, or
// what DOCKER_TLS_VERIFY with DOCKER_CERT_PATH names (ca.pem, cert.pem, key.pem), or the context's own files. A context
// that does not exist, or cannot be read, is an error as in the docker CLI; an unreadable config.json is not.
core::result<engine_host> resolve_engine_host(const std::string& host_option, const engine_settings& engine,
                                              const environment& env);

// The files of a `tls = { ca, cert, key }`; none where it was not given.
net::tls_files tls_files_of(const std::optional<tls_client>& given);

// Where the docker CLI keeps its things: DOCKER_CONFIG, else ~/.docker; empty when neither DOCKER_CONFIG nor HOME is
// set.
std::string docker_cli_folder(const environment& env);

}  // namespace docksweep::config
