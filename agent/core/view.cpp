#include "core/view.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

namespace docksweep::core {
namespace {

// `docker rmi --force` takes an image away from under a stopped container, which keeps the layers: nobody can tell any
// more which. What they share with images that are still there lies on one chain, so it is at most what one of those
// has in all.
byte_count held_by_containers_without_image(const inventory& what) {
  std::set<std::string_view> gone;
  for (const auto& one : what.containers) {
    // Images are in order of their IDs.
    const bool known = one.image_id.empty() || std::ranges::binary_search(what.images, one.image_id, {}, &image::id);
    if (!known) gone.insert(one.image_id);
  }
  if (gone.empty()) return 0;
  std::vector<byte_count> sizes;
  for (const auto& one : what.images) sizes.push_back(one.size.value_or(0));
  std::ranges::sort(sizes, std::greater());
  sizes.resize(std::min(sizes.size(), gone.size()));
  return std::accumulate(sizes.begin(), sizes.end(), byte_count{0});
}

// What keeps layers of images alive beside the images: records of the build cache (Podman has none beside its images)
// and containers whose image is gone. Null: unknown.
std::optional<byte_count> held_by_others(const inventory& what) {
  const auto containers = held_by_containers_without_image(what);
  if (what.engine.engine == "podman") return containers;
  return what.disk ? std::optional(what.disk->build_cache_shared_bytes + containers) : std::nullopt;
}

// Whether layers are accounted for alike, states apart: this compares everything that account() reads.
bool same_layers(const inventory& one, const inventory& other) {
  return one.engine.store == other.engine.store && held_by_others(one) == held_by_others(other) &&
         one.details == other.details && one.images == other.images;
}

std::shared_ptr<const layer_accounting> account(const inventory& what, const std::vector<image_state>& states) {
  std::vector<const image_details*> details;
  details.reserve(what.images.size());
  for (std::size_t i = 0; i < what.images.size(); ++i) {
    details.push_back(i < what.details.size() ? what.details[i].get() : nullptr);
  }
  return std::make_shared<const layer_accounting>(what.engine.store, what.images, details, states,
                                                  held_by_others(what));
}

// Whatever order the listing had: the same objects make the same view, figures and plans.
inventory in_order_of_id(inventory what) {
  std::ranges::sort(what.containers, {}, &container::id);
  if (std::ranges::is_sorted(what.images, {}, &image::id)) return what;
  what.details.resize(what.images.size());
  std::vector<std::size_t> order(what.images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::pair<std::string_view, std::size_t>(what.images[i].id, i); });
  std::vector<image> images;
  std::vector<std::shared_ptr<const image_details>> details;
  images.reserve(order.size());
  details.reserve(order.size());
  for (const auto i : order) {
    images.push_back(std::move(what.images[i]));
    details.push_back(std::move(what.details[i]));
  }
  what.images = std::move(images);
  what.details = std::move(details);
  return what;
}

}  // namespace

view::view(inventory what, const view* like)
    : inventory_(in_order_of_id(std::move(what))), states_(image_states(inventory_.images, inventory_.containers)) {
  const bool as_before = like != nullptr && states_ == like->states_ && same_layers(inventory_, like->inventory_);
  layers_ = as_before ? like->layers_ : account(inventory_, states_);
}

std::array<std::int64_t, all_image_states.size()> view::images_by_state() const {
  std::array<std::int64_t, all_image_states.size()> counts{};
  for (const auto state : states_) ++counts[static_cast<std::size_t>(state)];
  return counts;
}

std::array<std::int64_t, all_container_states.size()> view::containers_by_state() const {
  std::array<std::int64_t, all_container_states.size()> counts{};
  for (const auto& one : inventory_.containers) ++counts[static_cast<std::size_t>(one.state)];
  return counts;
}

byte_range view::reclaimable() const {
  std::vector<std::uint32_t> removed;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == image_state::unused || states_[i] == image_state::dangling) removed.push_back(i);
  }
  return layers_->freed_by(removed);
}

byte_range view::dangling_reclaimable() const {
  std::vector<std::uint32_t> removed;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == image_state::dangling) removed.push_back(i);
  }
  return layers_->freed_by(removed);
}

byte_range view::freed_alone(std::size_t index) const {
  const auto image = static_cast<std::uint32_t>(index);
  return layers_->freed_by(std::span(&image, 1));
}

}  // namespace docksweep::core
