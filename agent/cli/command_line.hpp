// What a person asked for on the command line, as values. CLI11 stays in command_line.cpp.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace docksweep::cli {

// Exit statuses of every command (DESIGN.md, "Commands").
enum exit_status : int { done = 0, failed = 1, bad_usage = 2 };

struct global_options {
  std::string config;  // --config; empty: /etc/docksweep/docksweep.toml, or the defaults without that file
  std::string host;    // --host; empty: what the configuration says
  bool trace = false;  // each engine call as a curl line on stderr
};

using filters = std::vector<std::pair<std::string, std::string>>;  // the engine's own, "dangling" → "true"

enum class image_order { size, freed, created, name };

struct run_command {};

struct images_command {
  filters filter;
  image_order sort = image_order::size;
  bool all = false, quiet = false, no_trunc = false, json = false;
};

struct containers_command {
  filters filter;
  bool size = false, quiet = false, no_trunc = false, json = false;
};

struct df_command {
  bool fresh = false, verbose = false, no_trunc = false, json = false;
};

struct metrics_command {
  std::string output;  // empty: stdout
};

struct check_config_command {
  bool effective = false, json = false;
};

struct init_command {
  std::string name;    // empty: the commented default
  std::string output;  // empty: stdout
  bool force = false;
};

using command = std::variant<run_command, images_command, containers_command, df_command, metrics_command,
                             check_config_command, init_command>;

struct command_line {
  global_options global;
  command what;
};

// Why there is nothing to run: help or version was asked for (status done, `out`), or the usage is wrong (status
// bad_usage, `err` says what and where help is).
struct nothing_to_run {
  int status = done;
  std::string out, err;
};

std::expected<command_line, nothing_to_run> parse_command_line(int argc, const char* const* argv);

}  // namespace docksweep::cli
