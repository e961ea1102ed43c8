// A piece of text without what surrounds it.
#pragma once

#include <string_view>

namespace docksweep::core {

// `text` without the characters of `blanks` at either end; empty where it has nothing else.
inline std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace docksweep::core
