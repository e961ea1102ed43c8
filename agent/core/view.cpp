#include "core/view.hpp"

#include <utility>

namespace docksweep::core {
namespace {

layer_accounting account(const inventory& what, const std::vector<image_state>& states) {
  std::vector<const image_details*> details;
  details.reserve(what.images.size());
  for (std::size_t i = 0; i < what.images.size(); ++i) {
    details.push_back(i < what.details.size() ? what.details[i].get() : nullptr);
  }
  // Podman keeps no build cache beside its images.
  std::optional<byte_count> shared_cache;
  if (what.disk) shared_cache = what.disk->build_cache_shared_bytes;
  if (what.engine.engine == "podman") shared_cache = 0;
  return {what.engine.store, what.images, details, states, shared_cache};
}

}  // namespace

view::view(inventory what)
    : inventory_(std::move(what)),
      states_(image_states(inventory_.images, inventory_.containers)),
      layers_(account(inventory_, states_)) {}

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
  return layers_.freed_by(removed);
}

byte_range view::dangling_reclaimable() const {
  std::vector<std::uint32_t> removed;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == image_state::dangling) removed.push_back(i);
  }
  return layers_.freed_by(removed);
}

byte_range view::freed_alone(std::size_t index) const {
  const auto image = static_cast<std::uint32_t>(index);
  return layers_.freed_by(std::span(&image, 1));
}

}  // namespace docksweep::core
