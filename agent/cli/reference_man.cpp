// The man page: the words of `--help` as troff (man(7)).
#include <fmt/format.h>

#include <cstdint>

#include "cli/help.hpp"
#include "cli/reference.hpp"
#include "cli/version.hpp"
#include "report/utf8.hpp"

namespace docksweep::cli {
namespace {

// Text for troff: no backslash, no hyphen that breaks copying, no line that begins like a request, and ASCII alone.
std::string troff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = report::decode(text, at);
    if (line_begins && (point.value == '.' || point.value == '\'')) out += "\\&";
    if (point.value >= 0x80)
      out += fmt::format("\\[u{:04X}]", static_cast<std::uint32_t>(point.value));
    else if (point.value == '\\')
      out += "\\e";
    else if (point.value == '-')
      out += "\\-";
    else
      out += text[at];
    line_begins = point.value == '\n';
    at += point.bytes;
  }
  return out;
}

std::string as_it_is(std::string_view text) {
  return fmt::format(".nf\n{}\n.fi\n", troff(text));
}

std::string option_text(const CLI::Option& option) {
  std::string names;
  for (const auto& name : option_names(option))
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", troff(name));
  const auto value = option.get_type_name();
  if (names.empty()) {
    names = fmt::format("\\fI{}\\fR", troff(option.get_name(true)));
  } else if (takes_value(option)) {
    names += fmt::format(" \\fI{}\\fR", troff(value));
  }
  return fmt::format(".TP\n{}\n{}\n", names, troff(option.get_description()));
}

std::string options_text(const CLI::App& app) {
  std::string out;
  for (const auto* option : app.get_options()) out += option_text(*option);
  return out;
}

}  // namespace

std::string man_page(const CLI::App& app) {
  std::string out =
      fmt::format(".\\\" Made by `docksweep reference man`.\n.TH DOCKSWEEP 1 \"\" \"docksweep {}\" \"User Commands\"\n",
                  troff(version()));
  out += ".SH NAME\ndocksweep \\- frees disk space on machines that run containers, by policy\n";
  out += ".SH SYNOPSIS\n\\fBdocksweep\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n";
  out += fmt::format(".SH DESCRIPTION\n{}\n.PP\n{}", troff(app.get_description()), as_it_is(help::first_steps));
  out += ".SH OPTIONS\n" + options_text(app) + ".SH COMMANDS\n";
  for (const auto* one : listed_commands(app)) {
    out += fmt::format(".SS docksweep {}\n{}\n", troff(one->get_name()), troff(one->get_description()));
    out += options_text(*one) + ".PP\n" + as_it_is(one->get_footer());
  }
  out += ".SH FILES\n.TP\n\\fI/etc/docksweep/docksweep.toml\\fR\nThe configuration; every key is optional.\n";
  out += ".TP\n\\fI/var/lib/docksweep/state.db\\fR\nLast use of every image, and the record of every removal.\n";
  out += ".SH SEE ALSO\n\\fBdocker\\fR(1), \\fBdockerd\\fR(8)\n";
  return out;
}

}  // namespace docksweep::cli
