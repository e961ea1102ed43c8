#include "core/image_state.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/held_names.hpp"

namespace docksweep::core {
namespace {

// Every name by which a container may hold an image. The ID is the join key; names only count where an engine gives no
// ID (image mounts name what was asked for).
std::unordered_set<std::string> all_held_names(std::span<const container> containers) {
  std::unordered_set<std::string> held;
  const auto hold_name = [&held](const std::string& asked) {
    for (auto& name : held_names(asked)) held.insert(std::move(name));
  };
  for (const auto& one : containers) {
    if (one.image_id.empty()) {
      hold_name(one.image_name);
    } else {
      held.insert(one.image_id);
    }
    for (const auto& mounted : one.image_mounts) hold_name(mounted);
  }
  return held;
}

bool is_held(const image& what, const std::unordered_set<std::string>& held) {
  if (held.empty()) return false;
  if (held.contains(what.id)) return true;
  for (const auto& tag : what.tags) {
    if (held.contains(tag)) return true;
  }
  for (const auto& digest : what.digests) {
    if (held.contains(digest)) return true;
  }
  return false;
}

}  // namespace

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
  const auto held = all_held_names(containers);
  std::unordered_set<std::string_view> parents;
  for (const auto& one : images) {
    if (!one.parent_id.empty()) parents.insert(one.parent_id);
  }
  std::vector<image_state> states;
  states.reserve(images.size());
  for (const auto& one : images) {
    if (is_held(one, held)) {
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
