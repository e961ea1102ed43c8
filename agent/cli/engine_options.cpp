#include "cli/engine_options.hpp"

#include <memory>
#include <utility>

#include "cli/terminal.hpp"
#include "config/engine_host.hpp"
#include "engine/credentials/credentials.hpp"

namespace docksweep::cli {
namespace {

engine::credential_sources sources_of(const config::settings& settings, const std::string& auth_file) {
  const auto env = config::process_environment();
  engine::credential_sources sources;
  sources.auth_file = auth_file;
  for (const auto& [host, login] : settings.registries) {
    sources.registries.emplace(host, engine::registry_login{login.username, login.password_file});
  }
  sources.inline_config = env.variable("DOCKER_AUTH_CONFIG");
  if (const auto folder = config::docker_cli_folder(env); !folder.empty()) sources.config_file = folder + "/config.json";
  sources.search_path = env.variable("PATH");
  return sources;
}

}  // namespace

engine::docker_engine_options engine_options(const config::settings& settings, const global_options& global,
                                             const std::string& auth_file, boost::asio::any_io_executor executor) {
  engine::docker_engine_options options{.timeout = settings.engine.timeout, .registry_auth = {}, .trace = {}};
  auto known = std::make_shared<engine::credentials>(std::move(executor), sources_of(settings, auth_file));
  options.registry_auth = [known](std::string host, std::string path) {
    return known->header_for(std::move(host), std::move(path));
  };
  if (global.trace) options.trace = note;
  return options;
}

}  // namespace docksweep::cli
