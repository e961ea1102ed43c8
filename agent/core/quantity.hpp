// Durations and amounts of bytes as people write them ("1h30m", "10GiB"), and back to text.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "core/inventory.hpp"

namespace docksweep::core {

using duration = std::chrono::milliseconds;

// What is wrong with a piece of configuration text, and at which byte of it.
struct text_fault {
  std::string message;     // says what is wrong and what is allowed; no position in it
  std::size_t offset = 0;  // bytes into the text
  bool operator==(const text_fault&) const = default;
};

template <typename T>
using parsed = std::expected<T, text_fault>;

// Integers with ms, s, m, h or d, joined or not: "90s", "1h30m", "0s". Case counts; never negative; at most 36500d.
parsed<duration> parse_duration(std::string_view text);
// The shortest text that parse_duration reads as the same value: "1h30m", "90d", "0s".
std::string print_duration(duration value);

// An integer or decimal with B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024): "10GiB",
// "1.5GB". Case counts; never negative; at most six decimals, a fraction of a byte is rounded down; at most 8192TiB, so
// that a double holds every value exactly.
parsed<byte_count> parse_bytes(std::string_view text);
// Exact: the unit that divides the value and leaves the smallest number ("10GiB", "500MB"), else bytes ("1500001B").
std::string print_bytes(byte_count value);

}  // namespace docksweep::core
