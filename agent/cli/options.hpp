// How commands describe their options to CLI11. Only for the files that do: command_line.hpp is what others need.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <utility>
#include <vector>

#include "cli/command_line.hpp"

namespace docksweep::cli {

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
  plan_command plan;
  explain_command explain;
  sweep_command sweep;
  remove_command remove;
  pause_command pause;
  resume_command resume;
  history_command history;
  restore_command restore;
  pull_command pull;
  health_command health;
  reference_command reference;
};

using chooser = std::vector<std::pair<const CLI::App*, command (*)(const choices&)>>;

// A command with its help; `help` shows how it is used.
CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* help);

// All of it: what parse_command_line() reads by, and what man page and completions are made from.
void describe_commands(CLI::App& app, choices& into, chooser& which);  // command_line.cpp

void add_reading_commands(CLI::App& app, choices& into, chooser& which);   // reading_options.cpp
void add_policy_commands(CLI::App& app, choices& into, chooser& which);    // policy_options.cpp
void add_transfer_commands(CLI::App& app, choices& into, chooser& which);  // transfer_options.cpp
void add_deployment_commands(CLI::App& app, choices& into, chooser& which);  // deployment_options.cpp

}  // namespace docksweep::cli
