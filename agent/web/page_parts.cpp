// Bars, legends and words that several sections of the page use; see page_parts.hpp.
#include "web/page_parts.hpp"

#include "web/html.hpp"

namespace docksweep::web {

using core::image_state;

std::string_view colour_of(image_state state) {
  switch (state) {
    case image_state::in_use:
      return "blue";
    case image_state::unused:
      return "amber";
    case image_state::dangling:
      return "red";
    case image_state::intermediate:
      break;
  }
  return "pale";
}

std::string_view words_of(image_state state) {
  switch (state) {
    case image_state::in_use:
      return "in use";
    case image_state::unused:
      return "unused";
    case image_state::dangling:
      return "dangling";
    case image_state::intermediate:
      break;
  }
  return "intermediate";
}

std::string known(const std::optional<core::byte_count>& bytes) {
  return bytes ? bytes_text(*bytes) : "not known";
}

void add_bar(std::string& out, std::string_view label, const std::vector<bar_part>& parts) {
  add(out, R"(<svg class="bar" role="img" aria-label="{}" viewBox="0 0 100 1" preserveAspectRatio="none">)",
      escaped(label));
  double x = 0;
  for (const auto& part : parts) {
    if (part.percent <= 0) continue;
    add(out, R"(<rect class="{}" x="{:.3f}" width="{:.3f}" height="1">)", part.colour, x, part.percent);
    if (!part.title.empty()) add(out, "<title>{}</title>", escaped(part.title));
    out += "</rect>";
    x += part.percent;
  }
  out += "</svg>";
}

void add_legend(std::string& out, std::string_view colour, std::string_view name, std::string_view value) {
  add(out, R"(<li><i class="{}"></i>{} <b>{}</b></li>)", colour, name, escaped(value));
}

}  // namespace docksweep::web
