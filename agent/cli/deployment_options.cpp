// The options of the commands that packages and service managers use.
#include <fmt/format.h>

#include "cli/help.hpp"
#include "cli/options.hpp"

namespace docksweep::cli {
namespace {

reference_page page_from(const std::string& name) {
  if (name == "man") return reference_page::man;
  if (name == "bash") return reference_page::bash;
  if (name == "zsh") return reference_page::zsh;
  if (name == "configuration") return reference_page::configuration;
  throw CLI::ValidationError("PAGE", fmt::format("'{}' is none of man, bash, zsh, configuration", name));
}

}  // namespace

void add_deployment_commands(CLI::App& app, choices& into, chooser& which) {
  auto* health = add_command(app, "health", "Ask the agent whether it is alive", help::health);
  health->add_flag("--ready", into.health.ready, "Whether it is ready, too");
  which.emplace_back(health, [](const choices& chosen) -> command { return chosen.health; });

  auto* reference = add_command(app, "reference", "Man page and completions", help::reference);
  reference->group("");  // for those who make packages: not in the list
  reference
      ->add_option_function<std::string>(
          "PAGE", [&into](const std::string& name) { into.reference.page = page_from(name); },
          "man, bash, zsh or configuration")
      ->type_name(" ")
      ->required();
  which.emplace_back(reference, [](const choices& chosen) -> command { return chosen.reference; });
}

}  // namespace docksweep::cli
