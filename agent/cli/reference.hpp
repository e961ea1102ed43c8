// Pages made from the description of the commands, so that they say what `--help` says.
#pragma once

#include <string>

#include "cli/options.hpp"

namespace docksweep::cli {

// The commands that `--help` lists, in its order.
std::vector<const CLI::App*> listed_commands(const CLI::App& app);
// "-q,--quiet" as its two names; empty for a positional.
std::vector<std::string> option_names(const CLI::Option& option);
bool takes_value(const CLI::Option& option);

std::string man_page(const CLI::App& app);         // troff, for docksweep(1)
std::string bash_completion(const CLI::App& app);  // to be sourced by bash
std::string zsh_completion(const CLI::App& app);   // the file _docksweep

}  // namespace docksweep::cli
