// The configuration as every command reads it.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace docksweep::cli {

enum class named_files {
  must_be_readable,  // certificates, tokens, passwords: for the agent and for check-config
  not_needed,        // a person who may talk to the engine may list images without reading root's token
};

// The file that counts: --config, or the default one.
std::string config_path(const global_options& global);

std::expected<config::configuration, config::faults> load_configuration(const global_options& global,
                                                                        named_files files);

// The same, with the faults on stderr; std::nullopt: the exit status is bad_usage.
std::optional<config::configuration> configuration_or_complain(const global_options& global, named_files files);

}  // namespace docksweep::cli
