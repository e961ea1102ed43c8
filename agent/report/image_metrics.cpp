#include "report/image_metrics.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "report/families.hpp"

namespace docksweep::report {
namespace {

struct pair {
  core::byte_count size;  // -1: unknown, ranks last
  std::uint32_t index;
  std::string_view name;
};

std::vector<pair> all_pairs(const core::view& view) {
  const auto& images = view.what().images;
  std::vector<pair> out;
  out.reserve(images.size());
  for (std::uint32_t i = 0; i < images.size(); ++i) {
    if (view.states()[i] == core::image_state::intermediate) continue;
    const auto size = images[i].size.value_or(-1);
    if (images[i].tags.empty()) out.push_back({size, i, "<none>"});
    for (const auto& tag : images[i].tags) out.push_back({size, i, tag});
  }
  return out;
}

}  // namespace

std::vector<prometheus::MetricFamily> image_families(const core::view& view, std::size_t limit,
                                                     const core::use_book* usage) {
  auto pairs = all_pairs(view);
  const auto& images = view.what().images;
  const auto kept = std::min(limit, pairs.size());
  std::ranges::partial_sort(
      pairs, pairs.begin() + static_cast<std::ptrdiff_t>(kept), [&](const pair& a, const pair& b) {
        return std::tie(b.size, images[a.index].id, a.name) < std::tie(a.size, images[b.index].id, b.name);
      });
  auto size =
      gauge_family("docksweep_image_size_bytes",
                   "Size of one image as the engine lists it, shared layers included; the largest images only.");
  auto unique = gauge_family("docksweep_image_unique_bytes",
                             "Bytes that removing this image alone would free at least; the largest images only.");
  auto last_used = gauge_family("docksweep_image_last_used_timestamp_seconds",
                                "When the image was last used, as far as this node has seen; the largest images only.");
  for (std::size_t i = 0; i < kept; ++i) {
    const auto& one = images[pairs[i].index];
    const metric_labels labels{{"id", one.id}, {"image", std::string(pairs[i].name)}};
    if (one.size) add_gauge(size, static_cast<double>(*one.size), labels);
    add_gauge(unique, static_cast<double>(view.freed_alone(pairs[i].index).at_least), labels);
    const auto* const use = usage == nullptr ? nullptr : usage->find(one.id);
    if (use != nullptr) add_gauge(last_used, unix_seconds(use->last_used), labels);
  }
  return {std::move(size), std::move(unique), std::move(last_used),
          single_gauge("docksweep_image_series_omitted",
                       "Images (by name) that are not among the largest and have no series of their own.",
                       static_cast<double>(pairs.size() - kept))};
}

}  // namespace docksweep::report
