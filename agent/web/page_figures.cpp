// A view of the node as the figures of the page; see page.hpp.
#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "report/plan_parts.hpp"
#include "web/page.hpp"

namespace docksweep::web {
namespace {

using verdicts_by_id = std::unordered_map<std::string_view, const core::verdict*>;

// The plan may be of an earlier view: verdicts belong to images by ID.
verdicts_by_id image_verdicts(const core::plan* plan) {
  verdicts_by_id found;
  if (plan == nullptr) return found;
  found.reserve(plan->verdicts.size());
  for (const auto& one : plan->verdicts) {
    if (one.kind == core::target_kind::image) found.emplace(one.id, &one);
  }
  return found;
}

page_image figures_of_image(const core::view& view, std::size_t index) {
  const auto& image = view.what().images[index];
  page_image made;
  made.id = image.id;
  made.names = image.tags.empty() ? image.digests : image.tags;
  made.size = image.size;
  made.alone = view.freed_alone(index);
  made.state = view.states()[index];
  return made;
}

void add_images(const core::view& view, const core::plan* plan, const core::use_book* usage, page_node& node) {
  const auto verdicts = image_verdicts(plan);
  node.all.reserve(view.what().images.size());
  for (std::size_t at = 0; at < view.what().images.size(); ++at) {
    auto one = figures_of_image(view, at);
    if (const auto* const use = usage == nullptr ? nullptr : usage->find(one.id)) one.last_used = use->last_used;
    if (const auto found = verdicts.find(one.id); found != verdicts.end()) {
      const auto& verdict = *found->second;
      one.goes = verdict.action == core::verdict_action::remove;
      one.why = verdict.why;
      one.rule = plan->rule_text(verdict);
      one.eligible_at = verdict.eligible_at;
    }
    node.all.push_back(std::move(one));
  }
}

std::vector<std::size_t> largest_of(const std::vector<core::image>& images, std::size_t most) {
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(most, order.size()));
  std::partial_sort(order.begin(), end, order.end(), [&](std::size_t one, std::size_t other) {
    return std::pair(images[other].size, one) < std::pair(images[one].size, other);
  });
  order.erase(end, order.end());
  return order;
}

struct holding {
  std::uint32_t in_all = 0, in_shown = 0, number = 0;
};

// How many images hold each layer of the shown ones, and a number for those that several of the shown ones hold.
std::unordered_map<std::string_view, holding> holdings_of(const core::inventory& what,
                                                          const std::vector<std::size_t>& shown) {
  std::unordered_map<std::string_view, holding> held;
  for (const auto at : shown) {
    if (what.details[at] == nullptr) continue;
    for (const auto& chain : what.details[at]->chain_ids) ++held[chain].in_shown;
  }
  for (const auto& details : what.details) {
    if (details == nullptr) continue;
    for (const auto& chain : details->chain_ids) {
      if (const auto found = held.find(chain); found != held.end()) ++found->second.in_all;
    }
  }
  std::uint32_t last = 0;
  for (const auto at : shown) {
    if (what.details[at] == nullptr) continue;
    for (const auto& chain : what.details[at]->chain_ids) {
      auto& one = held[chain];
      if (one.in_shown > 1 && one.number == 0) one.number = ++last;
    }
  }
  return held;
}

void add_layers(const core::view& view, std::size_t most, page_node& node) {
  const auto& what = view.what();
  const auto shown = largest_of(what.images, most);
  const auto held = holdings_of(what, shown);
  for (const auto at : shown) {
    const auto& image = what.images[at];
    auto& made = node.largest.emplace_back();
    made.name = report::shown_name(image.tags.empty() ? image.digests : image.tags, image.id);
    made.size = image.size;
    if (what.details[at] == nullptr) continue;
    const auto& chains = what.details[at]->chain_ids;
    for (std::uint32_t place = 0; place < chains.size(); ++place) {
      const auto& holds = held.at(chains[place]);
      const auto bytes = view.layers().bytes_of(static_cast<std::uint32_t>(at), std::span(&place, 1)).at_least;
      made.layers.push_back({bytes, holds.in_all, holds.number});
    }
  }
}

void add_disk_usage(const core::disk_usage& from, page_node& node) {
  node.volumes = static_cast<std::int64_t>(from.volumes.size());
  node.unreferenced_volumes = std::ranges::count(from.volumes, std::optional<int>(0), &core::volume::references);
  auto& disk = node.disk.emplace();
  disk.made_at = from.made_at;
  disk.images_bytes = from.images_bytes;
  disk.containers_bytes = from.containers_bytes;
  disk.volumes_bytes = from.volumes_bytes;
  disk.build_cache_bytes = from.build_cache_bytes;
  disk.build_cache_shared_bytes = from.build_cache_shared_bytes;
  disk.build_cache_reclaimable_bytes = from.build_cache_reclaimable_bytes;
}

}  // namespace

page_node figures_of(const core::view& view, const core::plan* what_goes, const core::use_book* usage,
                     std::size_t most_layers) {
  page_node node;
  const auto& what = view.what();
  node.engine = what.engine;
  node.complete_at = what.complete_at;
  std::ranges::copy(view.images_by_state(), node.images.begin());
  std::ranges::copy(view.layers().bytes_by_state(), node.image_bytes.begin());
  node.exact = view.layers().exact();
  node.reclaimable = view.reclaimable();
  node.dangling_reclaimable = view.dangling_reclaimable();
  std::ranges::copy(view.containers_by_state(), node.containers.begin());
  if (what.disk) add_disk_usage(*what.disk, node);
  add_images(view, what_goes, usage, node);
  add_layers(view, most_layers, node);
  return node;
}

}  // namespace docksweep::web
