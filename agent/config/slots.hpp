// Makers of slots (keys.hpp) from a place in the settings, a parser and a printer.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/codecs.hpp"
#include "config/keys.hpp"

namespace docksweep::config {

inline constexpr std::string_view a_duration = "a duration, as in \"30s\"";
inline constexpr std::string_view an_amount = "an amount of bytes, as in \"10GiB\"";

template <typename T>
using text_reader = parsed<T> (*)(std::string_view);

// Forms that print: what core names text() prints itself, strings are themselves.
inline std::string printed(const std::string& value) {
  return value;
}
inline std::string printed(core::container_state value) {
  return std::string(core::to_string(value));
}
template <typename T>
  requires requires(const T& value) { value.text(); }
std::string printed(const T& value) {
  return value.text();
}

// A value that is always set.
template <typename T, typename Print>
text_slot text_of(T& place, std::string_view what, text_reader<T> parse, Print print) {
  return {.what = std::string(what),
          .read = [&place, parse](const std::string& text) -> set_fault {
            auto value = parse(text);
            if (!value) return value.error();
            place = std::move(*value);
            return std::nullopt;
          },
          .print = [&place, print]() -> std::optional<std::string> { return print(place); }};
}

// A value that may be unset.
template <typename T, typename Print>
text_slot optional_of(std::optional<T>& place, std::string_view what, text_reader<T> parse, Print print) {
  return {.what = std::string(what),
          .read = [&place, parse](const std::string& text) -> set_fault {
            auto value = parse(text);
            if (!value) return value.error();
            place = std::move(*value);
            return std::nullopt;
          },
          .print = [&place, print]() -> std::optional<std::string> {
            if (!place) return std::nullopt;
            return print(*place);
          }};
}

// A string; empty is unset.
inline text_slot string_of(std::string& place, std::string_view what, text_reader<std::string> parse) {
  return {.what = std::string(what),
          .read = [&place, parse](const std::string& text) -> set_fault {
            auto value = parse(text);
            if (!value) return value.error();
            place = std::move(*value);
            return std::nullopt;
          },
          .print = [&place]() -> std::optional<std::string> {
            if (place.empty()) return std::nullopt;
            return place;
          }};
}

// The path of a file that must be readable.
inline text_slot file_of(std::string& place) {
  auto out = string_of(place, "the path of a file", parse_absolute_path);
  out.names_file = true;
  return out;
}

template <typename T>
using word = std::pair<T, std::string_view>;

// One of a few words; `place` is an enumeration or an optional one.
template <typename T, typename Place>
text_slot word_of(Place& place, std::vector<word<T>> words) {
  std::vector<std::string> allowed;
  for (const auto& [value, name] : words) allowed.emplace_back(name);
  return {.what = "a word in quotes",
          .read = [&place, words, allowed](const std::string& text) -> set_fault {
            const auto found = std::ranges::find(words, text, &word<T>::second);
            if (found == words.end()) return unknown_word(text, allowed);
            place = found->first;
            return std::nullopt;
          },
          .print = [&place, words]() -> std::optional<std::string> {
            const auto found = std::ranges::find_if(words, [&](const auto& w) { return place == w.first; });
            if (found == words.end()) return std::nullopt;
            return std::string(found->second);
          }};
}

text_slot duration_of(core::duration& place, core::duration least);
text_slot duration_of(std::optional<core::duration>& place);
text_slot bytes_of(core::byte_count& place);
text_slot bytes_of(std::optional<core::byte_count>& place);
number_slot count_of(int& place, int most);
number_slot count_of(std::optional<int>& place);

template <typename T>
list_slot list_of(std::vector<T>& place, std::string_view what, text_reader<T> parse) {
  return {.what = std::string(what),
          .clear = [&place] { place.clear(); },
          .add = [&place, parse](const std::string& text) -> set_fault {
            auto value = parse(text);
            if (!value) return value.error();
            place.push_back(std::move(*value));
            return std::nullopt;
          },
          .print =
              [&place] {
                std::vector<std::string> out;
                for (const auto& item : place) out.push_back(printed(item));
                return out;
              }};
}

}  // namespace docksweep::config
