// How an engine is talked to: time limits, trace, and the credentials of registries, as the configuration, the command
// line and the environment have them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>

#include "cli/command_line.hpp"
#include "config/settings.hpp"
#include "engine/docker_engine.hpp"

namespace docksweep::cli {

// Credentials are looked for at each use: in `auth_file` (--auth-file; empty: none), [registry."host"], the variable
// DOCKER_AUTH_CONFIG, and config.json in DOCKER_CONFIG or ~/.docker.
engine::docker_engine_options engine_options(const config::settings& settings, const global_options& global,
                                             const std::string& auth_file, boost::asio::any_io_executor executor);

}  // namespace docksweep::cli
