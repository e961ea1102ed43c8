#include "core/held_images.hpp"

#include <algorithm>
#include <string_view>

#include "core/held_names.hpp"
#include "core/plan/names.hpp"

namespace docksweep::core {
namespace {

bool may_have_moved(const std::string& asked) {
  return asked.find('@') == std::string::npos && !asked.starts_with(id_prefix) && id_beginning(asked).empty();
}

std::string canonical_repository(std::string_view reference) {
  return canonical_reference(repository_of(reference));
}

// An image that has no tag: may it have been one of this repository?
bool may_be_of(const image& one, const std::string& repository) {
  return one.digests.empty() ||
         std::ranges::any_of(one.digests, [&](const auto& name) { return canonical_repository(name) == repository; });
}

}  // namespace

std::vector<std::string> asked_names(const container& one) {
  auto names = one.image_mounts;
  if (one.image_id.empty() && !one.image_name.empty()) names.push_back(one.image_name);
  return names;
}

held_images::held_images(std::span<const container> containers) {
  for (std::uint32_t i = 0; i < containers.size(); ++i) {
    const auto& one = containers[i];
    if (!one.image_id.empty()) by_name_[one.image_id].push_back(i);
    for (const auto& id : one.held_ids) by_name_[id].push_back(i);
    for (const auto& asked : asked_names(one)) hold(asked, i);
    doubt(one, i);
  }
}

void held_images::doubt(const container& one, std::uint32_t container) {
  if (!is_live(one.state)) return;
  for (const auto& asked : one.image_mounts) {
    if (may_have_moved(asked)) mounted_by_tag_.emplace_back(canonical_repository(asked), container);
  }
}

void held_images::hold(const std::string& asked, std::uint32_t container) {
  for (const auto& name : held_names(asked)) by_name_[name].push_back(container);
  if (const auto digits = id_beginning(asked); !digits.empty()) by_beginning_.emplace_back(digits, container);
}

// Visits the container of every match until `visit` returns false.
template <typename Visit>
void held_images::each_match(const image& one, Visit visit) const {
  const auto by_name = [&](const std::string& name) {
    const auto found = by_name_.find(name);
    return found == by_name_.end() || std::ranges::all_of(found->second, visit);
  };
  if (by_name_.empty() && by_beginning_.empty()) return;
  if (!by_name(one.id)) return;
  if (!std::ranges::all_of(one.tags, by_name) || !std::ranges::all_of(one.digests, by_name)) return;
  if (one.tags.empty()) {
    for (const auto& [repository, container] : mounted_by_tag_) {
      if (may_be_of(one, repository) && !visit(container)) return;
    }
  }
  if (by_beginning_.empty()) return;
  std::string_view digits = one.id;
  if (digits.starts_with(id_prefix)) digits.remove_prefix(id_prefix.size());
  for (const auto& [beginning, container] : by_beginning_) {
    if (digits.starts_with(beginning) && !visit(container)) return;
  }
}

bool held_images::holds(const image& one) const {
  bool held = false;
  each_match(one, [&](std::uint32_t) {
    held = true;
    return false;
  });
  return held;
}

std::vector<std::uint32_t> held_images::holders(const image& one) const {
  std::vector<std::uint32_t> found;
  each_match(one, [&](std::uint32_t container) {
    found.push_back(container);
    return true;
  });
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace docksweep::core
