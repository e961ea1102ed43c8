// Credentials of registries, from wherever a node has them: the X-Registry-Auth value for a pull.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <map>
#include <string>

#include "app/engine.hpp"
#include "core/failure.hpp"

namespace docksweep::engine {

struct registry_login {
  std::string username;
  std::string password_file;  // read at each use (rotation); one line break at its end is cut off
};

struct credential_sources {
  std::string auth_file;                             // --auth-file: config.json form; must be readable when given
  std::map<std::string, registry_login> registries;  // [registry."host"] of the configuration
  std::string inline_config;                         // value of DOCKER_AUTH_CONFIG; empty: none
  std::string config_file;  // $DOCKER_CONFIG/config.json or ~/.docker/config.json; need not exist
  std::string search_path;  // PATH, for helpers
  std::chrono::milliseconds helper_timeout = std::chrono::seconds(10);
};

// Use it from one thread; it must outlive its calls.
class credentials {
 public:
  credentials(boost::asio::any_io_executor executor, credential_sources sources);

  // The X-Registry-Auth value for this repository ("docker.io", "library/alpine"); empty: no credential is known
  // (anonymous). The value is a secret.
  //
  // The first source with an entry for the registry wins: auth_file, registries, inline_config, config_file (the docker
  // CLI has DOCKER_AUTH_CONFIG before its file, too). Within a configuration its helper is asked first; where that
  // knows nothing, `auths` of the same file counts, as for podman and the kubelet (the docker CLI would stop there).
  // Files are read at each call: what `docker login` or a rotated secret wrote counts at once.
  //
  // Fails (invalid, too_large, timeout, malformed, refused, cancelled) with a message that names the source and holds
  // no part of a secret. What is wrong with a source fails every registry that gets so far; what is wrong with an
  // entry, its own registry only.
  app::task<core::result<std::string>> header_for(std::string host, std::string path);

 private:
  boost::asio::any_io_executor executor_;
  credential_sources sources_;
};

}  // namespace docksweep::engine
