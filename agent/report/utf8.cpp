// A strict decoder (no overlong forms, no surrogates) and a short table of widths.
#include "report/utf8.hpp"

#include <algorithm>
#include <iterator>

namespace docksweep::report {
namespace {

constexpr code_point invalid{0xFFFD, 1};

struct range {
  char32_t first, last;
};

// The blocks of Unicode's East Asian Width W and F that terminals draw two columns wide, and emoji.
constexpr range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
                          {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
                          {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                          {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
// Combining marks, zero-width joiners and variation selectors.
constexpr range no_width[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x200B, 0x200F},
                              {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};

bool within(char32_t value, const range* first, const range* last) {
  const auto after = std::upper_bound(first, last, value, [](char32_t v, const range& r) { return v < r.first; });
  return after != first && value <= std::prev(after)->last;
}

}  // namespace

code_point decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 && lead <= 0xF4  ? 4
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                                                           : 0;
  if (length == 0 || text.size() - at < length) return invalid;
  char32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return invalid;
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return invalid;
  return {value, length};
}

void append_valid_utf8(std::string& out, std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    out += text;
    return;
  }
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode(text, at);
    if (point.value == 0xFFFD && point.bytes == 1) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(at, point.bytes);
    }
    at += point.bytes;
  }
}

int columns_of(char32_t value) {
  if (value < 0x300) return 1;
  if (within(value, std::begin(no_width), std::end(no_width))) return 0;
  return within(value, std::begin(wide), std::end(wide)) ? 2 : 1;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode(text, at);
    columns += static_cast<std::size_t>(columns_of(point.value));
    at += point.bytes;
  }
  return columns;
}

}  // namespace docksweep::report
