// The options of the commands that only look, and of the agent itself.
#include <fmt/format.h>

#include "cli/help.hpp"
#include "cli/options.hpp"

namespace docksweep::cli {
namespace {

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
  if (key == "used") return image_order::used;
  throw CLI::ValidationError("--sort", fmt::format("'{}' is none of size, freed, used, created, name", key));
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

void add_images(CLI::App& app, choices& into, chooser& which) {
  auto* images = add_command(app, "images", "Images, and the bytes that each alone would free", help::images);
  auto& options = into.images;
  add_filter(*images, options.filter, "dangling=true, label=k");
  images
      ->add_option_function<std::string>(
          "--sort", [&options](const std::string& key) { options.sort = order_from(key); },
          "size (default), freed, used, created or name")
      ->type_name("KEY");
  images->add_flag("-a,--all", options.all, "Intermediate images too");
  images->add_flag("-q,--quiet", options.quiet, "One ID per line, for pipes");
  images->add_flag("--no-trunc", options.no_trunc, "Whole names and IDs, however wide");
  images->add_flag("--json", options.json, "For programs: bytes as integers, times as RFC 3339");
  which.emplace_back(images, [](const choices& chosen) -> command { return chosen.images; });
}

void add_containers(CLI::App& app, choices& into, chooser& which) {
  auto* containers = add_command(app, "containers", "Containers by state, with image and age", help::containers);
  auto& options = into.containers;
  add_filter(*containers, options.filter, "status=exited, name=web");
  containers->add_flag("-s,--size", options.size, "Size of each writable layer (slow)");
  containers->add_flag("-q,--quiet", options.quiet, "One name per line, for pipes");
  containers->add_flag("--no-trunc", options.no_trunc, "Whole names and IDs, however wide");
  containers->add_flag("--json", options.json, "For programs: bytes as integers, times as RFC 3339");
  which.emplace_back(containers, [](const choices& chosen) -> command { return chosen.containers; });
}

void add_df(CLI::App& app, choices& into, chooser& which) {
  auto* df = add_command(app, "df", "What uses the disk, what would really come back", help::df);
  df->add_flag("--fresh", into.df.fresh, "Ask the engine now, whatever an agent knows");
  df->add_flag("-v,--verbose", into.df.verbose, "Every volume too");
  df->add_flag("--no-trunc", into.df.no_trunc, "Whole names, however wide");
  df->add_flag("--json", into.df.json, "For programs: bytes as integers, times as RFC 3339");
  which.emplace_back(df, [](const choices& chosen) -> command { return chosen.df; });
}

void add_others(CLI::App& app, choices& into, chooser& which) {
  auto* run = add_command(app, "run", "The agent: watches, serves metrics, runs policies", help::run);
  which.emplace_back(run, [](const choices& chosen) -> command { return chosen.run; });

  auto* metrics = add_command(app, "metrics", "One collection for the textfile collector", help::metrics);
  metrics->add_option("-o,--output", into.metrics.output, "Replace this file instead of writing to stdout")
      ->type_name("FILE");
  which.emplace_back(metrics, [](const choices& chosen) -> command { return chosen.metrics; });

  auto* check = add_command(app, "check-config", "Read the configuration as the agent would", help::check_config);
  check->add_flag("--effective", into.check_config.effective, "Every key with its value and where that came from");
  check->add_flag("--json", into.check_config.json, "The faults, or the values, as JSON");
  which.emplace_back(check, [](const choices& chosen) -> command { return chosen.check_config; });

  auto* init = add_command(app, "init", "A commented configuration to start from", help::init);
  init->add_option("NAME", into.init.name, "Which one; none: every key with its default")->type_name(" ");
  init->add_option("-o,--output", into.init.output, "Write this file instead of stdout")->type_name("FILE");
  init->add_flag("--force", into.init.force, "Overwrite the file if there is one");
  which.emplace_back(init, [](const choices& chosen) -> command { return chosen.init; });
}

}  // namespace

void add_reading_commands(CLI::App& app, choices& into, chooser& which) {
  add_images(app, into, which);
  add_containers(app, into, which);
  add_df(app, into, which);
  add_others(app, into, which);
}

}  // namespace docksweep::cli
