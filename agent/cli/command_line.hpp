// What a person asked for on the command line, as values. CLI11 stays in command_line.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/quantity.hpp"

namespace docksweep::cli {

// Exit statuses of every command (DESIGN.md, "Commands").
enum exit_status : int {
  done = 0,
  failed = 1,
  bad_usage = 2,
  short_of_goal = 3,  // ran but did not reach the goal: observe mode, refused, paused, goal missed
};

struct global_options {
  std::string config;  // --config; empty: /etc/docksweep/docksweep.toml, or the defaults without that file
  std::string host;    // --host; empty: what the configuration says
  bool trace = false;  // each engine call as a curl line on stderr
};

using filters = std::vector<std::pair<std::string, std::string>>;  // the engine's own, "dangling" → "true"

enum class image_order { size, freed, used, created, name };

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

struct plan_command {
  std::string policy;  // empty: everything unused
  bool all = false, quiet = false, no_trunc = false, json = false;
};

struct explain_command {
  std::string image;
  bool no_trunc = false, json = false;
};

struct sweep_command {
  std::string policy;
  std::string archive;  // folder, in place of the policy's; empty: the policy's
  bool yes = false, enforce = false, quiet = false, no_trunc = false, json = false;
};

struct remove_command {
  std::vector<std::string> names;
  bool even_min_age = false, even_local_only = false;
  bool yes = false, quiet = false, json = false;
};

struct pause_command {
  std::vector<std::string> reason;     // words
  std::optional<core::duration> span;  // nullopt: until somebody resumes
};

struct resume_command {};

struct history_command {
  std::optional<std::int64_t> sweep;
  std::string since, policy;
  int limit = 50;
  bool quiet = false, no_trunc = false, json = false;
};

struct restore_command {
  std::string what;       // a sweep, a reference, a digest, an ID; empty: the newest sweep
  std::string auth_file;  // credentials in the form of config.json
  bool yes = false, dry_run = false, quiet = false, no_trunc = false, json = false;
};

struct health_command {
  bool ready = false;
};

enum class reference_page { man, bash, zsh, configuration };

struct reference_command {
  reference_page page = reference_page::man;
};

struct pull_command {
  std::string reference;
  std::string platform;   // "linux/arm64/v8"; empty: the engine's own
  std::string auth_file;  // in place of the docker CLI's config.json
  bool quiet = false, json = false;
};

using command =
    std::variant<run_command, images_command, containers_command, df_command, metrics_command, check_config_command,
                 init_command, plan_command, explain_command, sweep_command, remove_command, pause_command,
                 resume_command, history_command, restore_command, pull_command, health_command, reference_command>;

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
