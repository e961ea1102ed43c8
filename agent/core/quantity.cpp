// Reading and writing of durations and byte amounts. Integer arithmetic throughout, so that every value survives a
// round trip through its text.
#include "core/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

namespace docksweep::core {
namespace {

constexpr std::int64_t longest_ms = 36500LL * 24 * 3600 * 1000;
constexpr byte_count most_bytes = 1LL << 53;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> duration_units{
    {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<std::pair<std::string_view, std::int64_t>, 9> byte_units{{{"TiB", 1LL << 40},
                                                                               {"TB", 1000000000000},
                                                                               {"GiB", 1LL << 30},
                                                                               {"GB", 1000000000},
                                                                               {"MiB", 1LL << 20},
                                                                               {"MB", 1000000},
                                                                               {"KiB", 1024},
                                                                               {"kB", 1000},
                                                                               {"B", 1}}};

constexpr std::string_view duration_help = "durations are integers with ms, s, m, h or d, as in \"1h30m\"";
constexpr std::string_view bytes_help =
    "amounts of bytes are numbers with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in \"10GiB\"";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

template <typename Units>
std::int64_t factor_of(const Units& units, std::string_view name) {
  for (const auto& [unit, factor] : units) {
    if (unit == name) return factor;
  }
  return 0;
}

// Takes digits from `at` on; a value beyond `most` stays at most + 1.
std::int64_t take_integer(std::string_view text, std::size_t& at, std::int64_t most) {
  std::int64_t value = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    value = value > most / 10 ? most + 1 : std::min(value * 10 + (text[at] - '0'), most + 1);
  }
  return value;
}

std::string_view take_unit(std::string_view text, std::size_t& at) {
  const auto from = at;
  while (at < text.size() && is_letter(text[at])) ++at;
  return text.substr(from, at - from);
}

text_fault bad_start(std::string_view text, std::size_t at, std::string_view help) {
  if (text.empty()) return {fmt::format("is empty: {}", help), at};
  if (text[at] == '-') return {fmt::format("\"{}\" is negative: {}", text, help), at};
  return {fmt::format("\"{}\" is not understood: {}", text, help), at};
}

text_fault bad_duration_unit(std::string_view text, std::string_view unit, std::size_t at) {
  if (unit.empty() && at == text.size()) return {fmt::format("\"{}\" has no unit: {}", text, duration_help), at};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> meant{{{"sec", "s"},
                                                                                 {"secs", "s"},
                                                                                 {"second", "s"},
                                                                                 {"seconds", "s"},
                                                                                 {"min", "m"},
                                                                                 {"mins", "m"},
                                                                                 {"minute", "m"},
                                                                                 {"minutes", "m"},
                                                                                 {"hr", "h"},
                                                                                 {"hrs", "h"},
                                                                                 {"hour", "h"},
                                                                                 {"hours", "h"},
                                                                                 {"day", "d"},
                                                                                 {"days", "d"},
                                                                                 {"w", "d"},
                                                                                 {"week", "d"},
                                                                                 {"msec", "ms"}}};
  const auto lowered = lower(unit);
  for (const auto& [word, right] : meant) {
    if (word == lowered)
      return {fmt::format("\"{}\" has the unit \"{}\", did you mean \"{}\"? {}", text, unit, right, duration_help), at};
  }
  if (factor_of(duration_units, lowered) != 0) {
    return {fmt::format("\"{}\" has the unit \"{}\", did you mean \"{}\"? {}", text, unit, lowered, duration_help), at};
  }
  return {fmt::format("\"{}\" has an unknown unit: {}", text, duration_help), at};
}

text_fault bad_byte_unit(std::string_view text, std::string_view unit, std::size_t at) {
  if (unit.empty() && at == text.size()) return {fmt::format("\"{}\" has no unit: {}", text, bytes_help), at};
  const auto lowered = lower(unit);
  for (const auto& [right, factor] : byte_units) {
    const auto other = lower(right);
    if (other == lowered || other == lowered + "b") {
      return {fmt::format("\"{}\" has the unit \"{}\", did you mean \"{}\"? {}", text, unit, right, bytes_help), at};
    }
  }
  return {fmt::format("\"{}\" has an unknown unit: {}", text, bytes_help), at};
}

}  // namespace

parsed<duration> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  std::size_t at = 0;
  do {
    if (at == text.size() || !is_digit(text[at])) return std::unexpected(bad_start(text, at, duration_help));
    const auto number = take_integer(text, at, longest_ms);
    const auto unit_at = at;
    const auto unit = take_unit(text, at);
    const auto factor = factor_of(duration_units, unit);
    if (factor == 0) return std::unexpected(bad_duration_unit(text, unit, unit_at));
    if (number > (longest_ms - total) / factor) {
      return std::unexpected(text_fault{fmt::format("\"{}\" is too long: at most 36500d", text), 0});
    }
    total += number * factor;
  } while (at < text.size());
  return duration(total);
}

std::string print_duration(duration value) {
  auto rest = value.count();
  if (rest <= 0) return "0s";
  std::string out;
  for (const auto& [unit, factor] : duration_units) {
    if (rest >= factor) out += fmt::format("{}{}", rest / factor, unit);
    rest %= factor;
  }
  return out;
}

parsed<byte_count> parse_bytes(std::string_view text) {
  std::size_t at = 0;
  if (text.empty() || !is_digit(text[0])) return std::unexpected(bad_start(text, 0, bytes_help));
  const auto whole = take_integer(text, at, most_bytes);
  std::int64_t fraction = 0, scale = 1;
  if (at < text.size() && text[at] == '.') {
    const auto from = ++at;
    while (at < text.size() && is_digit(text[at]) && at - from < 6) {
      fraction = fraction * 10 + (text[at++] - '0');
      scale *= 10;
    }
    if (at == from) return std::unexpected(bad_start(text, at - 1, bytes_help));
    if (at < text.size() && is_digit(text[at])) {
      return std::unexpected(text_fault{fmt::format("\"{}\" has more than six decimals", text), at});
    }
  }
  const auto unit_at = at;
  const auto unit = take_unit(text, at);
  const auto factor = factor_of(byte_units, unit);
  if (factor == 0 || at < text.size()) return std::unexpected(bad_byte_unit(text, text.substr(unit_at), unit_at));
  if (whole > most_bytes / factor || whole * factor > most_bytes - fraction * factor / scale) {
    return std::unexpected(text_fault{fmt::format("\"{}\" is too much: at most 8192TiB", text), 0});
  }
  return whole * factor + fraction * factor / scale;
}

std::string print_bytes(byte_count value) {
  if (value == 0) return "0B";
  auto best = std::pair<byte_count, std::string_view>{value, "B"};
  for (const auto& [unit, factor] : byte_units) {
    if (value % factor == 0 && value / factor < best.first) best = {value / factor, unit};
  }
  return fmt::format("{}{}", best.first, best.second);
}

}  // namespace docksweep::core
