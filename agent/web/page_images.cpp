// The table of images of the page: filtered, sorted, cut into pages; and the largest images layer by layer.
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "report/human.hpp"
#include "report/plan_parts.hpp"
#include "report/plan_text.hpp"
#include "web/content.hpp"
#include "web/html.hpp"
#include "web/page_parts.hpp"

namespace docksweep::web {
namespace {

using image_list = std::vector<const page_image*>;

// Part of a text, ASCII letters in any case. `wanted` is in lower case.
bool holds(std::string_view text, std::string_view wanted) {
  const auto same = [](char one, char low) {
    return (one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one) == low;
  };
  return std::ranges::search(text, wanted, same).begin() != text.end();
}

bool is_asked_for(const page_image& image, const page_request& asked, std::string_view wanted) {
  if (asked.state && image.state != *asked.state) return false;
  if (wanted.empty() || holds(image.id, wanted)) return true;
  if (image.why && (holds(core::to_string(*image.why), wanted) || holds(image.rule, wanted))) return true;
  return std::ranges::any_of(image.names, [&](const std::string& name) { return holds(name, wanted); });
}

// -1, 0, 1 as one comes before, with or after the other in ascending order.
int compared(const page_image& one, const page_image& other, page_sort by) {
  const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  const auto name = [](const page_image& image) -> std::string_view {
    return image.names.empty() ? std::string_view() : std::string_view(image.names.front());
  };
  switch (by) {
    case page_sort::size:
      return order(one.size, other.size);
    case page_sort::alone:
      // What is in use frees nothing, since it does not go.
      return order(one.state == core::image_state::in_use ? -1 : one.alone.at_least,
                   other.state == core::image_state::in_use ? -1 : other.alone.at_least);
    case page_sort::used: {
      const auto used = [](const page_image& image) {
        return image.state == core::image_state::in_use ? core::instant::max()
                                                        : image.last_used.value_or(core::instant::min());
      };
      return order(used(one), used(other));
    }
    case page_sort::name:
      return order(name(one), name(other));
    case page_sort::state:
      return order(one.state, other.state);
    case page_sort::verdict: {
      const auto rank = [](const page_image& image) {
        return image.goes ? -1 : image.why ? static_cast<int>(*image.why) : std::numeric_limits<int>::max();
      };
      return order(rank(one), rank(other));
    }
  }
  return 0;
}

image_list chosen(const std::vector<page_image>& all, const page_request& asked) {
  const auto wanted = lower_case(asked.filter);
  image_list found;
  for (const auto& image : all) {
    if (is_asked_for(image, asked, wanted)) found.push_back(&image);
  }
  std::ranges::sort(found, [&](const page_image* one, const page_image* other) {
    const int order = compared(*one, *other, asked.sort);
    if (order == 0) return one < other;  // as they lie in `all`: in order of ID
    return asked.descending ? order > 0 : order < 0;
  });
  return found;
}

struct column {
  page_sort by;
  std::string_view title, style;
};
constexpr column columns[] = {{page_sort::name, "Image", ""},
                              {page_sort::state, "State", ""},
                              {page_sort::size, "Size", "number"},
                              {page_sort::alone, "Alone frees", "number"},
                              {page_sort::used, "Last used", "number wide"},
                              {page_sort::verdict, "Verdict", ""}};

void add_head(std::string& out, const page_request& asked) {
  out += "<thead><tr>";
  for (const auto& one : columns) {
    const bool sorted = asked.sort == one.by;
    auto link = asked;
    link.sort = one.by;
    link.descending = sorted ? !asked.descending : falls_at_first(one.by);
    link.page = 1;
    add(out, R"(<th scope="col" class="{}"{}><a id="sort-{}" href="{}#images">{}</a></th>)", one.style,
        !sorted            ? ""
        : asked.descending ? R"( aria-sort="descending")"
                           : R"( aria-sort="ascending")",
        to_string(one.by), escaped(link_to(link)), one.title);
  }
  out += "</tr></thead>";
}

std::string used_text(const page_image& image, core::instant now) {
  if (image.state == core::image_state::in_use) return "now";
  return image.last_used ? ago_text(now - *image.last_used) : "–";
}

void add_verdict(std::string& out, const page_image& image, core::instant now) {
  out += R"(<td class="verdict">)";
  if (!image.why) {
    out += R"(<span class="soft">–</span></td>)";
    return;
  }
  add(out, R"(<span class="{}">{}</span> <span class="soft">{}</span>)", image.goes ? "goes" : "stays",
      image.goes ? "would go" : core::to_string(*image.why), image.goes ? "" : report::meaning(*image.why));
  if (!image.rule.empty()) add(out, R"( <code class="soft">{}</code>)", escaped(image.rule));
  if (image.eligible_at)
    add(out, R"( <span class="soft">until {}</span>)", report::human_until(*image.eligible_at, now));
  out += "</td>";
}

void add_row(std::string& out, const page_image& image, core::instant now) {
  const auto name =
      image.names.empty() ? std::string(R"(<span class="soft">untagged</span>)") : escaped(image.names.front());
  add(out, R"(<tr><th scope="row" class="name">{}<code class="id">{}</code>)", name,
      escaped(report::short_id(image.id)));
  for (std::size_t at = 1; at < image.names.size(); ++at)
    add(out, R"(<span class="also">{}</span>)", escaped(image.names[at]));
  add(out, R"(</th><td class="state"><i class="{}"></i>{}</td>)", colour_of(image.state), words_of(image.state));
  add(out, R"(<td class="number size">{}</td><td class="number alone">{}</td><td class="number wide">{}</td>)",
      known(image.size), image.state == core::image_state::in_use ? "–" : bytes_text(image.alone),
      used_text(image, now));
  add_verdict(out, image, now);
  out += "</tr>";
}

void add_hidden(std::string& out, std::string_view name, std::string_view value) {
  add(out, R"(<input type="hidden" name="{}" value="{}">)", name, escaped(value));
}

// A form that asks by GET: it works without a script, and what is shown has an address.
void add_form(std::string& out, const page_figures& what, const page_request& asked) {
  out += R"(<form id="images-form" method="get" action="/#images" role="search" aria-label="Filter images">)";
  add_hidden(out, "sort", to_string(asked.sort));
  add_hidden(out, "dir", asked.descending ? "desc" : "asc");
  if (asked.all) add_hidden(out, "rows", "all");
  add(out,
      R"(<label>Filter <input type="search" name="filter" value="{}" maxlength="256" placeholder="name, ID or reason"></label>)",
      escaped(asked.filter));
  add(out, R"(<label>State <select name="state"><option value="">any</option>)");
  for (const auto state : core::all_image_states)
    add(out, R"(<option value="{}"{}>{}</option>)", core::to_string(state), asked.state == state ? " selected" : "",
        words_of(state));
  out += "</select></label>";
  if (what.policies.size() > 1) {
    out += R"(<label>Verdicts of <select name="policy">)";
    for (const auto& one : what.policies)
      add(out, R"(<option{}>{}</option>)", one.name == what.shown_policy ? " selected" : "", escaped(one.name));
    out += "</select></label>";
  }
  out += "<button>Show</button></form>";
}

void add_pages(std::string& out, const page_request& asked, std::size_t count, std::size_t page, std::size_t pages) {
  if (count <= page_rows) return;
  out += R"(<nav class="pages" aria-label="Pages of images">)";
  auto link = asked;
  if (asked.all) {
    link.all = false;
    add(out, R"(<a href="{}#images">{} on each page</a></nav>)", escaped(link_to(link)), page_rows);
    return;
  }
  if (page > 1) {
    link.page = page - 1;
    add(out, R"(<a rel="prev" href="{}#images">Previous</a>)", escaped(link_to(link)));
  }
  add(out, "<span>Page {} of {}</span>", page, pages);
  if (page < pages) {
    link.page = page + 1;
    add(out, R"(<a rel="next" href="{}#images">Next</a>)", escaped(link_to(link)));
  }
  link.page = 1;
  link.all = true;
  add(out, R"(<a href="{}#images">All {}</a></nav>)", escaped(link_to(link)),
      count_text(static_cast<std::int64_t>(count)));
}

std::string caption_of(const page_figures& what) {
  if (what.policies.empty()) return "Images of this node";
  return what.shown_policy.empty() ? "Images, with the verdict if everything unused were to go"
                                   : fmt::format("Images, with the verdict of policy {}", what.shown_policy);
}

}  // namespace

void add_images(std::string& out, const page_figures& what, const page_request& asked) {
  const auto& node = *what.node;
  out += R"(<section id="images" aria-labelledby="images-title"><h2 id="images-title">Images</h2>)";
  if (node.all.empty()) {
    out += R"(<p class="soft">This engine has no images.</p></section>)";
    return;
  }
  add_form(out, what, asked);
  const auto found = chosen(node.all, asked);
  const auto pages = std::max<std::size_t>(1, (found.size() + page_rows - 1) / page_rows);
  const auto page = std::min(asked.page, pages);
  const auto first = asked.all ? 0 : (page - 1) * page_rows;
  const auto last = asked.all ? found.size() : std::min(found.size(), first + page_rows);
  add(out, R"(<p id="images-count" class="soft" role="status">{} of {}</p>)",
      count_text(static_cast<std::int64_t>(found.size())),
      count_text(static_cast<std::int64_t>(node.all.size()), "image", "images"));
  out += R"(<div id="images-table"><div class="scroll"><table>)";
  add(out, "<caption>{}</caption>", escaped(caption_of(what)));
  add_head(out, asked);
  out += "<tbody>";
  for (auto at = first; at < last; ++at) add_row(out, *found[at], what.now);
  if (found.empty())
    add(out, R"(<tr><td colspan="{}" class="soft">No image is like that.</td></tr>)", std::size(columns));
  out += "</tbody></table></div>";
  add_pages(out, asked, found.size(), page, pages);
  out +=
      R"(</div><p class="soft">“Alone frees” is what removing this one image gives back: layers that it shares with )"
      R"(others stay.</p></section>)";
}

void add_layers(std::string& out, const page_node& node) {
  static constexpr std::array colours{"s1", "s2", "s3", "s4", "s5", "s6"};
  if (node.largest.empty()) return;
  core::byte_count most = 1;
  for (const auto& image : node.largest) {
    core::byte_count sum = 0;
    for (const auto& layer : image.layers) sum += layer.bytes;
    most = std::max(most, sum);
  }
  out +=
      R"(<section aria-labelledby="layers"><h2 id="layers">The largest images, layer by layer</h2><ul class="layers">)";
  for (const auto& image : node.largest) {
    core::byte_count own = 0, shared = 0;
    std::vector<bar_part> bar;
    for (const auto& layer : image.layers) {
      (layer.holders > 1 ? shared : own) += layer.bytes;
      const std::string_view colour = layer.shared_as > 0 ? colours[(layer.shared_as - 1) % colours.size()]
                                      : layer.holders > 1 ? "elsewhere"
                                                          : "own";
      bar.push_back({colour, percent_of(layer.bytes, most),
                     layer.holders > 1 ? fmt::format("{}, in {} images", bytes_text(layer.bytes), layer.holders)
                                       : fmt::format("{}, in this image alone", bytes_text(layer.bytes))});
    }
    const auto words = image.layers.empty() ? std::string("layers not known")
                                            : fmt::format("{} shared, {} its own", bytes_text(shared), bytes_text(own));
    add(out, R"(<li><span class="name">{}</span> <span class="soft">{}</span>)", escaped(image.name), words);
    if (!image.layers.empty()) add_bar(out, image.name + ": " + words, bar);
    out += "</li>";
  }
  out +=
      R"(</ul><p class="soft"><i class="swatch own"></i>in this image alone <i class="swatch elsewhere"></i>shared with )"
      R"(images not shown; every other colour is one layer that several of these images share.</p></section>)";
}

}  // namespace docksweep::web
