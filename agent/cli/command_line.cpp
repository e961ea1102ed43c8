// The commands and their options in CLI11's terms, with help that shows how they are used.
#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/version.hpp"

namespace docksweep::cli {
namespace {

// CLI11 says only that a command is missing; the first word that is neither an option nor the value of one is what
// was meant to be it.
std::string missing_command(int argc, const char* const* argv, const chooser& which) {
  std::string names;
  for (const auto& [app, make] : which) {
    if (!app->get_group().empty()) names += (names.empty() ? "" : ", ") + app->get_name();
  }
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--config" || word == "--host") {
      ++i;
    } else if (!word.starts_with("-")) {
      return fmt::format("'{}' is not a command; there are {}", word, names);
    }
  }
  return fmt::format("a command is missing: one of {}", names);
}

// Options that cannot go together; empty: all is well.
std::string contradiction(const choices& chosen) {
  const auto both = [](const auto& command) { return command.quiet && command.json; };
  if (both(chosen.images) || both(chosen.containers) || both(chosen.plan) || both(chosen.sweep) ||
      both(chosen.remove) || both(chosen.history) || both(chosen.restore) || both(chosen.pull))
    return "-q and --json cannot go together";
  if (chosen.history.sweep && !(chosen.history.policy.empty() && chosen.history.since.empty()))
    return "--sweep names one sweep: --since and --policy choose among all";
  if (chosen.init.force && chosen.init.output.empty()) return "--force needs --output FILE";
  return {};
}

// A script's unset variable would otherwise mean "the default".
std::string no_empty_word(const std::string& text) {
  return text.empty() ? "an empty value; leave the option out for the default" : "";
}

nothing_to_run usage_error(const CLI::App& app, std::string_view message) {
  const auto used = app.get_subcommands();
  const std::string command = used.empty() ? "" : " " + used.front()->get_name();
  return {bad_usage, {}, fmt::format("docksweep: {}\nTry 'docksweep{} --help'.\n", message, command)};
}

}  // namespace

void describe_commands(CLI::App& app, choices& into, chooser& which) {
  app.set_version_flag("--version", version_line(), "Version, revision and compiler");
  app.set_help_flag("-h,--help", "This help");
  app.add_option("--config", into.global.config, "Default /etc/docksweep/docksweep.toml")
      ->type_name("FILE")
      ->check(no_empty_word);
  app.add_option("--host", into.global.host, "The engine: unix:///path or tcp://host:port")
      ->type_name("URL")
      ->check(no_empty_word);
  app.add_flag("--trace", into.global.trace, "Show each call to the engine as a curl line");
  app.footer(help::first_steps);
  app.require_subcommand(1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->column_width(28);
  add_reading_commands(app, into, which);
  add_policy_commands(app, into, which);
  add_transfer_commands(app, into, which);
  add_deployment_commands(app, into, which);
}

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* help) {
  auto* added = app.add_subcommand(name, what);
  added->group("Commands");
  added->footer(std::string(help) + "\n\n--config FILE, --host URL and --trace go with every command.");
  added->fallthrough();  // global options may come after the command too
  return added;
}

std::expected<command_line, nothing_to_run> parse_command_line(int argc, const char* const* argv) {
  CLI::App app(help::overview, "docksweep");
  choices chosen;
  chooser which;
  describe_commands(app, chosen, which);
  if (argc <= 1) return std::unexpected(nothing_to_run{bad_usage, {}, app.help()});
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!app.get_subcommands().empty()) return std::unexpected(usage_error(app, error.what()));
    return std::unexpected(usage_error(app, missing_command(argc, argv, which)));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    if (app.exit(error, out, err) == 0) return std::unexpected(nothing_to_run{done, out.str(), {}});
    return std::unexpected(usage_error(app, error.what()));
  }
  if (const auto problem = contradiction(chosen); !problem.empty()) return std::unexpected(usage_error(app, problem));
  const auto* used = app.get_subcommands().front();
  const auto made = std::ranges::find(which, used, [](const auto& entry) { return entry.first; });
  return command_line{chosen.global, made->second(chosen)};
}

}  // namespace docksweep::cli
