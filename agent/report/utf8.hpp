// UTF-8, as far as output needs it: code points, columns on a terminal, and bytes that are no UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace docksweep::report {

struct code_point {
  char32_t value = 0;      // U+FFFD where the bytes are not UTF-8
  std::size_t bytes = 1;   // how many bytes it took: at least 1
};

// The code point that starts at text[at]; `at` is below text.size().
code_point decode(std::string_view text, std::size_t at);

// Appends text with every byte that is not part of valid UTF-8 replaced by U+FFFD (Prometheus refuses a whole scrape
// for one such label value).
void append_valid_utf8(std::string& out, std::string_view text);

// Columns that a code point takes on a terminal: 0 for combining marks, 2 for East Asian wide and emoji, else 1.
int columns_of(char32_t value);
// The same for a text without control characters.
std::size_t columns_of(std::string_view text);

}  // namespace docksweep::report
