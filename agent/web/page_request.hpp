// What GET / is asked to show: how the table of images is sorted, filtered and cut, and whose verdicts it has. In the
// query, so that all of it works without a script and as a bookmark.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/image_state.hpp"

namespace docksweep::web {

enum class page_sort { size, alone, used, name, state, verdict };
inline constexpr page_sort all_page_sorts[] = {page_sort::size, page_sort::alone, page_sort::used,
                                               page_sort::name, page_sort::state, page_sort::verdict};
std::string_view to_string(page_sort by);
// Whether a column begins with its largest: bytes do; names, states and moments begin at the other end.
bool falls_at_first(page_sort by);

struct page_request {
  page_sort sort = page_sort::size;
  bool descending = true;
  std::string filter;                      // part of a name, an ID or a reason, in any case; empty: all
  std::optional<core::image_state> state;  // nullopt: any
  std::string policy;                      // whose verdicts; empty: the first one's
  std::size_t page = 1;
  bool all = false;  // every row on one page
  bool operator==(const page_request&) const = default;
};

inline constexpr std::size_t page_rows = 100;  // images on one page: a browser lays them out at once

// "sort=size&dir=asc&filter=…&state=unused&policy=…&page=2&rows=all"; every part may be missing. What cannot be read is
// an error for people: a parameter that was ignored would answer another question.
std::expected<page_request, std::string> page_request_from(std::string_view query);

// The link to it: "/" or "/?sort=…", without what is so by itself. Escaped for a URL, not for HTML.
std::string link_to(const page_request& what);

}  // namespace docksweep::web
