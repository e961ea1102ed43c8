// Completions of bash and zsh, from the same description as the command line's parser.
#include <fmt/format.h>

#include <algorithm>

#include "cli/reference.hpp"
#include "config/examples.hpp"

namespace docksweep::cli {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

bool names_a_policy(const CLI::App& command) {
  return command.get_name() == "plan" || command.get_name() == "sweep";
}

bool is_path(const CLI::Option& option) {
  return option.get_type_name() == "FILE" || option.get_type_name() == "FOLDER";
}

std::string example_names() {
  std::string names;
  for (const auto& one : config::examples()) {
    if (one.name != "default") names += (names.empty() ? "" : " ") + std::string(one.name);
  }
  return names;
}

// Policies by name, as the configuration that the agent would read has them.
constexpr auto policies_of =
    R"sed(docksweep check-config --effective 2>/dev/null | sed -n 's/^name = "\([^"]*\)".*/\1/p')sed";

// --- bash -----------------------------------------------------------------------------------------------------------

std::string options_of(const CLI::App& app) {
  std::string words;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option_names(*option)) words += (words.empty() ? "" : " ") + name;
  }
  return words;
}

// Names of options whose value is a path (or: any other value), for a pattern of case.
std::string with_value(const CLI::App& app, bool path) {
  std::string pattern;
  const auto add = [&](const CLI::App& one) {
    for (const auto* option : one.get_options()) {
      if (!takes_value(*option) || is_path(*option) != path) continue;
      for (const auto& name : option_names(*option)) {
        if (("|" + pattern + "|").find("|" + name + "|") == std::string::npos)
          pattern += (pattern.empty() ? "" : "|") + name;
      }
    }
  };
  add(app);
  for (const auto* command : listed_commands(app)) add(*command);
  return pattern;
}

std::string bash_words(const CLI::App& command, const std::string& global) {
  const auto own = options_of(command);
  std::string more;
  if (command.get_name() == "init") more = " " + example_names();
  if (names_a_policy(command)) more = fmt::format(" $({})", policies_of);
  return fmt::format("    {}) words=\"{} {}{}\" ;;\n", command.get_name(), own, global, more);
}

// --- zsh ------------------------------------------------------------------------------------------------------------

// For a description in an _arguments specification, within single quotes.
std::string zsh_text(std::string text) {
  for (const auto* special : {"\\", "[", "]", ":"})
    text = replaced(std::move(text), special, std::string("\\") + special);
  return replaced(std::move(text), "'", "'\\''");
}

std::string zsh_options(const CLI::App& app, std::string_view indent) {
  std::string out;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option_names(*option)) {
      const auto value = !takes_value(*option) ? ""
                         : is_path(*option)    ? ":file:_files"
                                               : fmt::format(":{}: ", zsh_text(option->get_type_name()));
      out += fmt::format("{}'*{}[{}]{}' \\\n", indent, name, zsh_text(option->get_description()), value);
    }
  }
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  const auto global = options_of(app);
  std::string names, cases;
  for (const auto* one : listed_commands(app)) {
    names += (names.empty() ? "" : " ") + one->get_name();
    cases += bash_words(*one, global);
  }
  const auto paths = with_value(app, true), others = with_value(app, false);
  std::string out = "# Made by `docksweep reference bash`.\n_docksweep() {\n";
  out += "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' at\n";
  out += fmt::format(
      "  case $before in\n    {}) mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n    {}) return ;;\n "
      " esac\n",
      paths, others);
  out += fmt::format(
      "  for ((at = 1; at < COMP_CWORD; at++)); do\n    case ${{COMP_WORDS[at]}} in\n      {}|{}) ((at++)) ;;\n      "
      "-*) ;;\n      *) command=${{COMP_WORDS[at]}}; break ;;\n    esac\n  done\n",
      paths, others);
  out +=
      fmt::format("  case $command in\n    '') words=\"{} {}\" ;;\n{}    *) return ;;\n  esac\n", names, global, cases);
  out += "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\ncomplete -F _docksweep docksweep\n";
  return out;
}

std::string zsh_completion(const CLI::App& app) {
  std::string names, cases;
  for (const auto* one : listed_commands(app)) {
    names += fmt::format("        '{}:{}'\n", one->get_name(), zsh_text(one->get_description()));
    std::string rest = "'*:argument:_files'";
    if (one->get_name() == "init") rest = fmt::format("'1:example:({})'", example_names());
    if (names_a_policy(*one)) rest = "'1:policy:_docksweep_policies'";
    cases += fmt::format("        {})\n          _arguments \\\n{}{}            {} ;;\n", one->get_name(),
                         zsh_options(*one, "            "), zsh_options(app, "            "), rest);
  }
  std::string out = "#compdef docksweep\n# Made by `docksweep reference zsh`.\n";
  out += fmt::format(
      "_docksweep_policies() {{\n  local -a policies\n  policies=(${{(f)\"$({})\"}})\n  _describe policy "
      "policies\n}}\n",
      policies_of);
  out += "_docksweep() {\n  local context state line\n  local -a commands\n  _arguments -C \\\n" +
         zsh_options(app, "    ");
  out +=
      "    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n    command)\n      commands=(\n" +
      names;
  out += "      )\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n" + cases;
  out += "      esac ;;\n  esac\n}\n_docksweep \"$@\"\n";
  return out;
}

}  // namespace docksweep::cli
