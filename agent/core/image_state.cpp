#include "core/image_state.hpp"

#include <string_view>
#include <unordered_set>

#include "core/held_images.hpp"

namespace docksweep::core {

std::string_view to_string(image_state state) {
  switch (state) {
    case image_state::in_use:
      return "in_use";
    case image_state::unused:
      return "unused";
    case image_state::dangling:
      return "dangling";
    case image_state::intermediate:
      return "intermediate";
  }
  return "in_use";
}

std::vector<image_state> image_states(std::span<const image> images, std::span<const container> containers) {
  const held_images held(containers);
  std::unordered_set<std::string_view> parents;
  for (const auto& one : images) {
    if (!one.parent_id.empty()) parents.insert(one.parent_id);
  }
  std::vector<image_state> states;
  states.reserve(images.size());
  for (const auto& one : images) {
    if (held.holds(one)) {
      states.push_back(image_state::in_use);
    } else if (!one.tags.empty() || !one.digests.empty()) {
      states.push_back(image_state::unused);
    } else {
      states.push_back(parents.contains(one.id) ? image_state::intermediate : image_state::dangling);
    }
  }
  return states;
}

}  // namespace docksweep::core
