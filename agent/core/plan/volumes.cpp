#include "core/plan/volumes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "core/plan/use_times.hpp"

namespace docksweep::core {
namespace {

// What of the selection takes this volume; empty: nothing.
std::string selected_by(const volume_selection& selection, const volume& one) {
  for (const auto& pattern : selection.names) {
    if (pattern.matches(one.name)) return "remove.volumes.names = " + pattern.text();
  }
  return selection.anonymous && one.anonymous ? "remove.volumes.anonymous = true" : "";
}

}  // namespace

std::vector<volume_candidate> volume_candidates(const node_picture& picture, const policy& which, rule_book& rules,
                                                instant now) {
  std::vector<volume_candidate> candidates;
  const auto& node = picture.node.what();
  if (!which.remove.volumes || !node.disk) return candidates;
  const auto& selection = *which.remove.volumes;
  std::unordered_set<std::string_view> mounted;
  for (const auto& one : node.containers) mounted.insert(one.volumes.begin(), one.volumes.end());

  const auto quiet_for = std::max(which.keep.min_age, selection.unused_for.value_or(duration{}));
  for (const auto& one : node.disk->volumes) {
    if (one.references != 0 || mounted.contains(one.name)) continue;
    const bool kept =
        std::ranges::any_of(which.keep.labels, [&](const auto& rule) { return rule.matches(one.labels); });
    auto selecting = selected_by(selection, one);
    if (kept || selecting.empty()) continue;
    const auto use = use_times_of(picture.usage.volumes, one.name, now);
    if (use.used + quiet_for > now) continue;
    candidates.push_back({.name = one.name,
                          .used = use.used,
                          .bytes = std::max<byte_count>(0, one.size.value_or(0)),
                          .rule = rules.number(std::move(selecting))});
  }
  std::ranges::sort(candidates, [](const auto& one, const auto& other) {
    return std::tie(one.used, one.name) < std::tie(other.used, other.name);
  });
  return candidates;
}

}  // namespace docksweep::core
