// Reads and writes the query of the page; see page_request.hpp.
#include "web/page_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "net/percent.hpp"
#include "web/content.hpp"

namespace docksweep::web {
namespace {

constexpr std::size_t longest_filter = 256;    // bytes: a reference has at most 255
constexpr std::int64_t last_page = 1'000'000;  // more than any engine has images

std::optional<page_sort> sort_from(std::string_view text) {
  const auto* const found = std::ranges::find(all_page_sorts, text, [](page_sort one) { return to_string(one); });
  return found == std::end(all_page_sorts) ? std::nullopt : std::optional(*found);
}

// One parameter into `made`; what is wrong with it, else nothing.
std::string take(const std::string& name, const std::string& value, page_request& made, std::string& direction) {
  if (name == "sort") {
    const auto by = sort_from(value);
    if (!by) return "sort: size, alone, used, name, state or verdict.";
    made.sort = *by;
  } else if (name == "dir") {
    if (value != "asc" && value != "desc") return "dir: asc or desc.";
    direction = value;
  } else if (name == "filter") {
    if (value.size() > longest_filter) return fmt::format("filter: {} bytes at most.", longest_filter);
    made.filter = value;
  } else if (name == "state") {
    const auto found = std::ranges::find(core::all_image_states, value,
                                         [](core::image_state state) { return core::to_string(state); });
    if (found == core::all_image_states.end() && !value.empty())
      return "state: in_use, unused, dangling or intermediate.";
    made.state = value.empty() ? std::nullopt : std::optional(*found);
  } else if (name == "policy") {
    made.policy = value;
  } else if (name == "page") {
    const auto page = parse_number(value, last_page);
    if (!page) return "page: a number from 1 on.";
    made.page = static_cast<std::size_t>(*page);
  } else if (name == "rows") {
    if (value != "all") return "rows: all.";
    made.all = true;
  } else {
    return "The page knows only the parameters sort, dir, filter, state, policy, page and rows.";
  }
  return {};
}

}  // namespace

std::string_view to_string(page_sort by) {
  switch (by) {
    case page_sort::size:
      return "size";
    case page_sort::alone:
      return "alone";
    case page_sort::used:
      return "used";
    case page_sort::name:
      return "name";
    case page_sort::state:
      return "state";
    case page_sort::verdict:
      return "verdict";
  }
  return {};
}

bool falls_at_first(page_sort by) {
  return by == page_sort::size || by == page_sort::alone;
}

std::expected<page_request, std::string> page_request_from(std::string_view query) {
  const auto given = parse_query(query);
  if (!given) return std::unexpected("The query has a broken escape.");
  page_request made;
  std::string direction;
  for (const auto& [name, value] : *given) {
    auto fault = take(name, value, made, direction);
    if (!fault.empty()) return std::unexpected(std::move(fault));
  }
  made.descending = direction.empty() ? falls_at_first(made.sort) : direction == "desc";
  return made;
}

std::string link_to(const page_request& what) {
  std::vector<std::pair<std::string, std::string>> parameters;
  const auto add = [&](std::string_view name, std::string_view value) { parameters.emplace_back(name, value); };
  if (what.sort != page_sort::size) add("sort", to_string(what.sort));
  if (what.descending != falls_at_first(what.sort)) add("dir", what.descending ? "desc" : "asc");
  if (!what.filter.empty()) add("filter", what.filter);
  if (what.state) add("state", core::to_string(*what.state));
  if (!what.policy.empty()) add("policy", what.policy);
  if (what.all) {
    add("rows", "all");
  } else if (what.page > 1) {
    add("page", fmt::format("{}", what.page));
  }
  return "/" + net::encode_query(parameters);
}

}  // namespace docksweep::web
