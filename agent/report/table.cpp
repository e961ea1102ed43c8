#include "report/table.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "report/utf8.hpp"

namespace docksweep::report {
namespace {

constexpr std::size_t gap = 2;
constexpr std::string_view ellipsis = "…";
constexpr std::size_t narrowest = 6;  // of a shortened column, when the terminal leaves no more
constexpr std::size_t no_floor = std::numeric_limits<std::size_t>::max();

// Text that a terminal shows and does not obey: no C0 or C1 controls, no DEL, valid UTF-8.
std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode(text, at);
    if (point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0)) {
      out += '?';
    } else {
      append_valid_utf8(out, text.substr(at, point.bytes));
    }
    at += point.bytes;
  }
  return out;
}

// The longest start of `text` that takes at most `width` columns.
std::string_view head(std::string_view text, std::size_t width) {
  std::size_t at = 0, taken = 0;
  while (at < text.size()) {
    const auto point = decode(text, at);
    taken += static_cast<std::size_t>(columns_of(point.value));
    if (taken > width) break;
    at += point.bytes;
  }
  return text.substr(0, at);
}

// The longest end of `text` that takes at most `width` columns.
std::string_view tail(std::string_view text, std::size_t width) {
  auto left = columns_of(text);
  std::size_t at = 0;
  while (at < text.size() && left > width) {
    const auto point = decode(text, at);
    left -= static_cast<std::size_t>(columns_of(point.value));
    at += point.bytes;
  }
  return text.substr(at);
}

struct layout {
  std::vector<std::size_t> shown;   // indices of columns
  std::vector<std::size_t> widths;  // beside shown
};

std::size_t total_width(const layout& plan) {
  const auto sum = std::accumulate(plan.widths.begin(), plan.widths.end(), std::size_t{0});
  return plan.widths.empty() ? 0 : sum + gap * (plan.widths.size() - 1);
}

// Takes columns off the widest column that may be shortened until the table fits. False: it does not fit.
bool shrink(layout& plan, const std::vector<column>& columns, std::size_t limit, std::size_t floor) {
  while (total_width(plan) > limit) {
    std::optional<std::size_t> widest;
    for (std::size_t i = 0; i < plan.shown.size(); ++i) {
      const auto& what = columns[plan.shown[i]];
      if (what.shorten == shortening::never || plan.widths[i] <= std::min(what.least_width, floor)) continue;
      if (!widest || plan.widths[i] > plan.widths[*widest]) widest = i;
    }
    if (!widest) return false;
    --plan.widths[*widest];
  }
  return true;
}

layout fit(const std::vector<column>& columns, const std::vector<std::size_t>& natural, std::size_t limit) {
  std::vector<bool> left_out(columns.size(), false);
  while (true) {
    layout plan;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (left_out[i]) continue;
      plan.shown.push_back(i);
      plan.widths.push_back(natural[i]);
    }
    if (limit == 0 || shrink(plan, columns, limit, no_floor)) return plan;
    const auto last = std::find_if(plan.shown.rbegin(), plan.shown.rend(), [&](auto i) { return columns[i].optional; });
    if (last == plan.shown.rend()) {
      shrink(plan, columns, limit, narrowest);
      return plan;
    }
    left_out[*last] = true;
  }
}

void append_line(std::string& out, const layout& plan, const std::vector<column>& columns,
                 const std::vector<std::string>& cells) {
  std::size_t owed = 0;  // blanks that are written only when something follows
  for (std::size_t i = 0; i < plan.shown.size(); ++i) {
    const auto& what = columns[plan.shown[i]];
    const auto cell = shortened(cells[plan.shown[i]], plan.widths[i], what.shorten);
    const auto width = columns_of(cell);
    const auto blanks = plan.widths[i] > width ? plan.widths[i] - width : 0;
    if (what.align == alignment::right) owed += blanks;
    if (!cell.empty()) {
      out.append(owed, ' ');
      out += cell;
      owed = 0;
    } else {
      owed += width;
    }
    if (what.align == alignment::left) owed += blanks;
    owed += gap;
  }
}

}  // namespace

table::table(std::vector<column> columns) : columns_(std::move(columns)) {}

void table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (auto& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string table::text(const table_style& style) const {
  std::vector<std::string> titles;
  std::vector<std::size_t> natural;
  for (const auto& what : columns_) {
    titles.push_back(what.title);
    natural.push_back(style.header ? columns_of(what.title) : 0);
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) natural[i] = std::max(natural[i], columns_of(row[i]));
  }
  const auto limit = style.no_trunc || style.width <= 0 ? 0 : static_cast<std::size_t>(style.width);
  const auto plan = fit(columns_, natural, limit);
  std::string out;
  if (style.header) {
    if (style.colour) out += "\x1b[1m";
    append_line(out, plan, columns_, titles);
    if (style.colour) out += "\x1b[0m";
    out += '\n';
  }
  for (const auto& row : rows_) {
    append_line(out, plan, columns_, row);
    out += '\n';
  }
  return out;
}

std::string shortened(const std::string& text, std::size_t width, shortening how) {
  if (how == shortening::never || columns_of(text) <= width) return text;
  if (width == 0) return {};
  const auto kept = width - 1;  // the ellipsis takes one
  const auto at_end = how == shortening::middle ? kept / 2 : 0;
  std::string out(head(text, kept - at_end));
  out += ellipsis;
  out += tail(text, at_end);
  return out;
}

}  // namespace docksweep::report
