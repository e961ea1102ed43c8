// The commands and their options in CLI11's terms, with help that shows how they are used.
#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <sstream>

#include "cli/version.hpp"

namespace docksweep::cli {
namespace {

constexpr auto overview = R"(docksweep measures what images, containers, layers, volumes and build cache
cost the disk of a machine that runs containers: in a terminal, and for
Prometheus.)";

constexpr auto first_steps = R"(First steps:
  docksweep df           what uses the disk, what would really come back
  docksweep images       images, and the bytes that each alone would free
  docksweep run          the agent: http://localhost:9713/metrics

Exit status: 0 done, 1 failed, 2 wrong usage or configuration.
'docksweep COMMAND --help' tells more about a command.)";

constexpr auto run_help = R"(Watches the engine, serves http://localhost:9713/metrics, and logs to stderr.
It needs no engine to start: it waits for one. SIGTERM and SIGINT end it,
SIGHUP reads the configuration again.

Examples:
  docksweep run          with /etc/docksweep/docksweep.toml, or the defaults
  docksweep run --config ./docksweep.toml
  docksweep run --trace  shows each call to the engine)";

constexpr auto images_help = R"(FREED is what removing that image alone would give back: layers that other
images share stay. Where the engine cannot tell exactly it is a range, from
at least to at most.

Examples:
  docksweep images                                 largest first
  docksweep images --sort freed                    what is worth removing first
  docksweep images --filter dangling=true -q       IDs of dangling images
  docksweep images --filter reference=alpine:3.19  one image by name
  docksweep images --filter 'reference=*m*'        by wildcard
  docksweep images --json | jq '.images[].id')";

constexpr auto containers_help = R"(Examples:
  docksweep containers                             all, stopped ones too
  docksweep containers --filter status=exited      by state
  docksweep containers --filter status=exited -q   names, one per line
  docksweep containers --size                      with their writable layers)";

constexpr auto df_help = R"(What would really come back counts each layer once, and leaves out what is in
use or shared; Docker's own figure adds up image sizes. When an agent has asked
the engine lately its answer is used, and its age is shown.

Examples:
  docksweep df           the answer of the agent, or a new one
  docksweep df --fresh   asks the engine now: seconds to minutes on a busy node
  docksweep df -v        with every volume
  docksweep df --json)";

constexpr auto metrics_help = R"(For the textfile collector of prometheus-node-exporter: no timestamps, no
process_* series. FILE is replaced whole.

Examples:
  docksweep metrics
  docksweep metrics -o /var/lib/prometheus/node-exporter/docksweep.prom)";

constexpr auto check_config_help = R"(Every fault is shown as FILE:LINE:COLUMN: what is wrong, what is allowed. Exit
status 2 when there is one.

Examples:
  docksweep check-config                        /etc/docksweep/docksweep.toml
  docksweep check-config --config ./new.toml    before it goes live
  docksweep check-config --effective            values, and where they came from)";

constexpr auto init_help = R"(NAME is small-server, ci-runner, kubernetes, air-gapped or nightly-script;
without NAME it is every key with its default and what it means.

Examples:
  docksweep init                                shows the commented default
  docksweep init ci-runner --output /etc/docksweep/docksweep.toml)";

// "key=value" → pair; CLI11 shows the message that is thrown together with the option's name.
std::pair<std::string, std::string> filter_from(const std::string& text) {
  const auto sign = text.find('=');
  if (sign == std::string::npos || sign == 0) {
    throw CLI::ValidationError("--filter", fmt::format("'{}' is not KEY=VALUE, for example dangling=true", text));
  }
  return {text.substr(0, sign), text.substr(sign + 1)};
}

image_order order_from(const std::string& key) {
  if (key == "size") return image_order::size;
  if (key == "freed") return image_order::freed;
  if (key == "created") return image_order::created;
  if (key == "name") return image_order::name;
  throw CLI::ValidationError("--sort", fmt::format("'{}' is none of size, freed, created, name", key));
}

void add_filter(CLI::App& command, filters& into, const char* examples) {
  command
      .add_option_function<std::vector<std::string>>(
          "-f,--filter",
          [&into](const std::vector<std::string>& texts) {
            for (const auto& text : texts) into.push_back(filter_from(text));
          },
          fmt::format("The engine's own filters: {}", examples))
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

// What the options write into; one of each, because CLI11 binds references before it knows the command.
struct choices {
  global_options global;
  run_command run;
  images_command images;
  containers_command containers;
  df_command df;
  metrics_command metrics;
  check_config_command check_config;
  init_command init;
};

using chooser = std::vector<std::pair<const CLI::App*, command (*)(const choices&)>>;

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* help) {
  auto* command = app.add_subcommand(name, what);
  command->group("Commands");
  command->footer(std::string(help) + "\n\n--config FILE, --host URL and --trace go with every command.");
  command->fallthrough();  // global options may come after the command too
  return command;
}

void add_images(CLI::App& app, choices& into, chooser& which) {
  auto* images = add_command(app, "images", "Images, and the bytes that each alone would free", images_help);
  auto& options = into.images;
  add_filter(*images, options.filter, "dangling=true, label=k");
  images
      ->add_option_function<std::string>(
          "--sort", [&options](const std::string& key) { options.sort = order_from(key); },
          "size (default), freed, created or name")
      ->type_name("KEY");
  images->add_flag("-a,--all", options.all, "Intermediate images too");
  images->add_flag("-q,--quiet", options.quiet, "One ID per line, for pipes");
  images->add_flag("--no-trunc", options.no_trunc, "Whole names and IDs, however wide");
  images->add_flag("--json", options.json, "For programs: bytes as integers, times as RFC 3339");
  which.emplace_back(images, [](const choices& chosen) -> command { return chosen.images; });
}

void add_containers(CLI::App& app, choices& into, chooser& which) {
  auto* containers = add_command(app, "containers", "Containers by state, with image and age", containers_help);
  auto& options = into.containers;
  add_filter(*containers, options.filter, "status=exited, name=web");
  containers->add_flag("-s,--size", options.size, "Size of each writable layer (slow)");
  containers->add_flag("-q,--quiet", options.quiet, "One name per line, for pipes");
  containers->add_flag("--no-trunc", options.no_trunc, "Whole names and IDs, however wide");
  containers->add_flag("--json", options.json, "For programs: bytes as integers, times as RFC 3339");
  which.emplace_back(containers, [](const choices& chosen) -> command { return chosen.containers; });
}

void add_df(CLI::App& app, choices& into, chooser& which) {
  auto* df = add_command(app, "df", "What uses the disk, what would really come back", df_help);
  df->add_flag("--fresh", into.df.fresh, "Ask the engine now, whatever an agent knows");
  df->add_flag("-v,--verbose", into.df.verbose, "Every volume too");
  df->add_flag("--no-trunc", into.df.no_trunc, "Whole names, however wide");
  df->add_flag("--json", into.df.json, "For programs: bytes as integers, times as RFC 3339");
  which.emplace_back(df, [](const choices& chosen) -> command { return chosen.df; });
}

void add_the_rest(CLI::App& app, choices& into, chooser& which) {
  auto* run = add_command(app, "run", "The agent: watches the engine and serves its metrics", run_help);
  which.emplace_back(run, [](const choices& chosen) -> command { return chosen.run; });

  auto* metrics = add_command(app, "metrics", "One collection for the textfile collector", metrics_help);
  metrics->add_option("-o,--output", into.metrics.output, "Replace this file instead of writing to stdout")
      ->type_name("FILE");
  which.emplace_back(metrics, [](const choices& chosen) -> command { return chosen.metrics; });

  auto* check = add_command(app, "check-config", "Read the configuration as the agent would", check_config_help);
  check->add_flag("--effective", into.check_config.effective, "Every key with its value and where that came from");
  check->add_flag("--json", into.check_config.json, "The faults, or the values, as JSON");
  which.emplace_back(check, [](const choices& chosen) -> command { return chosen.check_config; });

  auto* init = add_command(app, "init", "A commented configuration to start from", init_help);
  init->add_option("NAME", into.init.name, "Which one; none: every key with its default")->type_name(" ");
  init->add_option("-o,--output", into.init.output, "Write this file instead of stdout")->type_name("FILE");
  init->add_flag("--force", into.init.force, "Overwrite the file if there is one");
  which.emplace_back(init, [](const choices& chosen) -> command { return chosen.init; });
}

void add_all(CLI::App& app, choices& into, chooser& which) {
  app.set_version_flag("--version", version_line(), "Version, revision and compiler");
  app.set_help_flag("-h,--help", "This help");
  app.add_option("--config", into.global.config, "Default /etc/docksweep/docksweep.toml")->type_name("FILE");
  app.add_option("--host", into.global.host, "The engine: unix:///path or tcp://host:port")->type_name("URL");
  app.add_flag("--trace", into.global.trace, "Show each call to the engine as a curl line");
  app.footer(first_steps);
  app.require_subcommand(1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->column_width(28);
  add_images(app, into, which);
  add_containers(app, into, which);
  add_df(app, into, which);
  add_the_rest(app, into, which);
}

// CLI11 says only that a command is missing; the first word that is neither an option nor the value of one is what
// was meant to be it.
std::string missing_command(int argc, const char* const* argv, const chooser& which) {
  std::string names;
  for (const auto& [app, make] : which) names += (names.empty() ? "" : ", ") + app->get_name();
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
  if (chosen.images.quiet && chosen.images.json) return "-q and --json cannot go together";
  if (chosen.containers.quiet && chosen.containers.json) return "-q and --json cannot go together";
  if (chosen.init.force && chosen.init.output.empty()) return "--force needs --output FILE";
  return {};
}

nothing_to_run usage_error(const CLI::App& app, std::string_view message) {
  const auto used = app.get_subcommands();
  const std::string command = used.empty() ? "" : " " + used.front()->get_name();
  return {bad_usage, {}, fmt::format("docksweep: {}\nTry 'docksweep{} --help'.\n", message, command)};
}

}  // namespace

std::expected<command_line, nothing_to_run> parse_command_line(int argc, const char* const* argv) {
  CLI::App app(overview, "docksweep");
  choices chosen;
  chooser which;
  add_all(app, chosen, which);
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
