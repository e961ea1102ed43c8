// `docksweep check-config`: the configuration as the agent would read it.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/commands.hpp"
#include "cli/configuration.hpp"
#include "cli/terminal.hpp"
#include "config/effective.hpp"
#include "web/server.hpp"

namespace docksweep::cli {
namespace {

namespace json = boost::json;

// A value as the effective configuration spells it: a literal that TOML and JSON read alike.
json::value literal(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  boost::system::error_code error;
  auto value = json::parse(*text, error);
  return error ? json::value(*text) : value;
}

std::string faults_as_json(const std::string& path, const config::faults& faults) {
  json::array list;
  for (const auto& fault : faults) {
    list.push_back({{"file", fault.file}, {"line", fault.line}, {"column", fault.column}, {"message", fault.message}});
  }
  return json::serialize(json::object{{"file", path}, {"valid", faults.empty()}, {"faults", std::move(list)}}) + "\n";
}

std::string effective_as_json(const std::string& path, const config::configuration& loaded) {
  json::array rows;
  for (const auto& row : config::effective_rows(loaded)) {
    rows.push_back({{"key", row.path}, {"value", literal(row.value)}, {"source", row.source}});
  }
  return json::serialize(json::object{{"file", path},
                                      {"valid", true},
                                      {"hash", config::effective_hash(loaded)},
                                      {"settings", std::move(rows)}}) +
         "\n";
}

std::string summary(const std::string& path, const config::configuration& loaded) {
  const auto count = loaded.values.policies.size();
  return fmt::format("{}: {} ({}, {} polic{})\n", path,
                     loaded.no_file ? "there is no such file; the defaults are valid" : "valid",
                     loaded.values.mode == core::mode::enforce ? "mode enforce" : "mode observe", count,
                     count == 1 ? "y" : "ies");
}

// What keeps the agent from starting with this configuration, its web server's files included.
std::expected<config::configuration, config::faults> load_and_check(const global_options& global) {
  auto loaded = load_configuration(global, named_files::must_be_readable);
  if (!loaded) return loaded;
  if (const auto fine = web::check_files(web::options_from(loaded->values.web)); !fine)
    return std::unexpected(config::faults{{config_path(global), 0, 0, fine.error().message}});
  return loaded;
}

}  // namespace

int execute(const global_options& global, const check_config_command& what) {
  const auto path = config_path(global);
  const auto loaded = load_and_check(global);
  if (what.json) {
    if (!loaded) return print(faults_as_json(path, loaded.error())) ? bad_usage : failed;
    return print(what.effective ? effective_as_json(path, *loaded) : faults_as_json(path, {})) ? done : failed;
  }
  if (!loaded) {
    for (const auto& fault : loaded.error()) note(to_string(fault));
    return bad_usage;
  }
  return print(what.effective ? config::effective_text(*loaded) : summary(path, *loaded)) ? done : failed;
}

}  // namespace docksweep::cli
