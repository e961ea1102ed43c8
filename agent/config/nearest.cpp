// Edit distance (insert, delete, change, swap of neighbours), case and '-' for '_' not counted.
#include "config/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace docksweep::config {
namespace {

constexpr std::size_t longest_name = 64;  // a longer one is no typing mistake, and the work stays bounded

std::string plain(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

std::size_t mistakes(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view written, std::span<const std::string> known) {
  if (written.size() > longest_name) return std::nullopt;
  const auto wanted = plain(written);
  std::optional<std::string> best;
  std::size_t fewest = 0;
  for (const auto& name : known) {
    const auto count = mistakes(wanted, plain(name));
    if (count > std::min<std::size_t>(3, std::max<std::size_t>(1, std::max(wanted.size(), name.size()) / 3))) continue;
    if (!best || count < fewest) {
      best = name;
      fewest = count;
    }
  }
  return best;
}

}  // namespace docksweep::config
