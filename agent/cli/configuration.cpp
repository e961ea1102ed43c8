// Adds to config/load.hpp what the command line says.
#include "cli/configuration.hpp"

#include <fmt/format.h>

#include "cli/terminal.hpp"

namespace docksweep::cli {

std::string config_path(const global_options& global) {
  return global.config.empty() ? std::string(config::default_path) : global.config;
}

std::expected<config::configuration, config::faults> load_configuration(const global_options& global,
                                                                        named_files files) {
  auto env = config::process_environment();
  if (files == named_files::not_needed) env.why_unreadable = config::every_file_will_do;
  return config::load_file(config_path(global), !global.config.empty(), env);
}

std::optional<config::configuration> configuration_or_complain(const global_options& global, named_files files) {
  auto loaded = load_configuration(global, files);
  if (loaded) return *std::move(loaded);
  for (const auto& fault : loaded.error()) note(to_string(fault));
  const auto count = loaded.error().size();
  complain(fmt::format("the configuration has {} fault{}; nothing was done", count, count == 1 ? "" : "s"));
  return std::nullopt;
}

}  // namespace docksweep::cli
