// A scan that knows strings and comments, and no more; see toml_text.hpp.
#include "config/toml_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/trimmed.hpp"

namespace docksweep::config {
namespace {

// How far the piece of a line at its beginning goes that no dot counts in: a comment, or a string with its quotes.
// 0: it begins with neither.
std::size_t silent_length(std::string_view rest) {
  if (rest.starts_with('#')) return std::min(rest.find('\n'), rest.size());
  if (!rest.starts_with('"') && !rest.starts_with('\'')) return 0;
  const char quote = rest.front();
  const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
  const bool has_lines = rest.starts_with(three);
  std::size_t at = has_lines ? 3 : 1;
  for (; at < rest.size(); ++at) {
    if (rest[at] == '\\' && quote == '"') {
      ++at;
    } else if (rest[at] == '\n' && !has_lines) {
      return at;  // it is not closed: a syntax error that the parser reports
    } else if (has_lines ? rest.substr(at).starts_with(three) : rest[at] == quote) {
      return at + (has_lines ? 3 : 1);
    }
  }
  return rest.size();
}

}  // namespace

std::optional<position> one_dot_too_many(std::string_view text) {
  position here{1, 1};
  int dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto skipped = std::max<std::size_t>(silent_length(text.substr(at)), 1);
    if (text[at] == '.' && ++dots > most_dots) return here;
    for (const char c : text.substr(at, skipped)) {
      const bool is_end = c == '\n';
      here = is_end ? position{here.line + 1, 1} : position{here.line, here.column + (begins_character(c) ? 1 : 0)};
      if (is_end) dots = 0;
    }
    at += skipped;
  }
  return std::nullopt;
}

std::string with_quotes(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  constexpr std::string_view blanks = " \t\r";
  const auto key = core::trimmed(line.substr(0, equals), blanks);
  auto value = line.substr(equals + 1);
  value = core::trimmed(value.substr(0, value.find('#')), blanks);
  constexpr std::size_t longest = 60;
  // A list, a table or a string has another fault than missing quotes.
  if (key.empty() || key.find_first_of("\"'#{[") != std::string_view::npos || value.empty() || value.size() > longest ||
      value.find_first_of("\"'\\[]{},=") != std::string_view::npos)
    return {};
  return fmt::format("{} = \"{}\"", key, value);
}

}  // namespace docksweep::config
