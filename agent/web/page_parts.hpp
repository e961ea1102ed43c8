// The sections of the page and what they have in common; page.cpp puts them together.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/page.hpp"

namespace docksweep::web {

// Appends formatted text. Whatever comes from outside goes through escaped() first.
template <typename... Values>
void add(std::string& out, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Values>(values)...);
}

std::string_view colour_of(core::image_state state);
std::string_view words_of(core::image_state state);
// "1.2 GB", or "not known".
std::string known(const std::optional<core::byte_count>& bytes);

struct bar_part {
  std::string_view colour;
  double percent = 0;
  std::string title = {};  // shown where the pointer rests; empty: none
};
// A bar of parts from left to right. Widths are attributes of SVG and not styles, which the security policy would have
// to allow.
void add_bar(std::string& out, std::string_view label, const std::vector<bar_part>& parts);
void add_legend(std::string& out, std::string_view colour, std::string_view name, std::string_view value);

void add_disks(std::string& out, const page_figures& what);
void add_images(std::string& out, const page_figures& what, const page_request& asked);
void add_layers(std::string& out, const page_node& node);
void add_plans(std::string& out, const page_figures& what);
void add_history(std::string& out, const page_figures& what);

}  // namespace docksweep::web
