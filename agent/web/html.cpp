// Escaping and figures for html.hpp.
#include "web/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace docksweep::web {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\n':
      case '\t':
        out += ' ';
        break;
      default:
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) {
          out += "\xEF\xBF\xBD";
        } else {
          out += letter;
        }
    }
  }
  return out;
}

std::string bytes_text(core::byte_count bytes) {
  static constexpr std::string_view units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 999.5 would be shown as 1000.
  while (std::abs(value) >= (unit == 0 ? 1000 : 999.5) && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{}\u00a0B", bytes);
  const int digits = std::abs(value) < 9.995 ? 2 : std::abs(value) < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}\u00a0{}", value, digits, units[unit]);
}

std::string bytes_text(const core::byte_range& range) {
  if (range.exact()) return bytes_text(range.at_least);
  if (range.at_least == 0) return fmt::format("up to {}", bytes_text(range.at_most));
  return fmt::format("{} to {}", bytes_text(range.at_least), bytes_text(range.at_most));
}

std::string ago_text(std::chrono::system_clock::duration age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 2) return "just now";
  if (seconds < 120) return fmt::format("{} s ago", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} days ago", seconds / 86400);
}

std::string count_text(std::int64_t count) {
  auto digits = fmt::format("{}", count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string count_text(std::int64_t count, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", count_text(count), count == 1 ? singular : plural);
}

double percent_of(core::byte_count part, core::byte_count whole) {
  if (whole <= 0) return 0;
  return std::clamp(100.0 * static_cast<double>(part) / static_cast<double>(whole), 0.0, 100.0);
}

}  // namespace docksweep::web
