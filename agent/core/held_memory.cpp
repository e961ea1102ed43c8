#include "core/held_memory.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/held_images.hpp"

namespace docksweep::core {

bool held_memory::note(const container& one, std::span<const image> images) {
  container by_name;
  by_name.state = container_state::created;  // what its names mean, and nothing that is only in doubt
  by_name.image_mounts = asked_names(one);
  if (by_name.image_mounts.empty()) return false;
  const auto [at, first_seen] = known_.try_emplace(one.id);
  if (first_seen) ++learning_;
  auto& known = at->second;
  if (known.settled) return false;
  const held_images held(std::span(&by_name, 1));
  const auto before = known.ids.size();
  for (const auto& image : images) {
    if (!held.holds(image)) continue;
    const auto place = std::ranges::lower_bound(known.ids, image.id);
    if (place == known.ids.end() || *place != image.id) known.ids.insert(place, image.id);
  }
  return known.ids.size() > before;
}

std::vector<std::string> held_memory::ids_of(const std::string& container_id) const {
  const auto found = known_.find(container_id);
  return found == known_.end() ? std::vector<std::string>{} : found->second.ids;
}

void held_memory::listing_began() {
  for (auto& [id, known] : known_) known.seen_before_listing = true;
}

void held_memory::listing_complete(std::span<const container> containers) {
  if (known_.empty()) return;
  std::unordered_set<std::string_view> there;
  for (const auto& one : containers) there.insert(one.id);
  std::erase_if(known_, [&](const auto& one) { return !there.contains(one.first); });
  learning_ = 0;
  for (auto& [id, known] : known_) {
    known.settled = known.settled || known.seen_before_listing;
    if (!known.settled) ++learning_;
  }
}

void held_memory::forget(const std::string& container_id) {
  const auto found = known_.find(container_id);
  if (found == known_.end()) return;
  if (!found->second.settled) --learning_;
  known_.erase(found);
}

void held_memory::forget_everything() {
  known_.clear();
  learning_ = 0;
}

}  // namespace docksweep::core
