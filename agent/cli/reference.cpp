// `docksweep reference`: prints one of the pages.
#include "cli/reference.hpp"

#include "cli/commands.hpp"
#include "cli/help.hpp"
#include "cli/terminal.hpp"
#include "config/reference.hpp"

namespace docksweep::cli {

std::vector<const CLI::App*> listed_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
}

std::vector<std::string> option_names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

int execute(const global_options&, const reference_command& what) {
  if (what.page == reference_page::configuration) return print(config::reference_page()) ? done : failed;
  CLI::App app(help::overview, "docksweep");
  choices unused;
  chooser which;
  describe_commands(app, unused, which);
  const auto page = what.page == reference_page::man    ? man_page(app)
                    : what.page == reference_page::bash ? bash_completion(app)
                                                        : zsh_completion(app);
  return print(page) ? done : failed;
}

}  // namespace docksweep::cli
