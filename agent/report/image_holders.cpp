#include "report/image_holders.hpp"

#include <algorithm>

#include "core/held_names.hpp"

namespace docksweep::report {

image_holders::image_holders(std::span<const core::container> containers) {
  for (std::uint32_t i = 0; i < containers.size(); ++i) {
    const auto& one = containers[i];
    if (one.image_id.empty()) {
      hold(one.image_name, i);
    } else {
      held_[one.image_id].push_back(i);
    }
    for (const auto& mounted : one.image_mounts) hold(mounted, i);
  }
}

void image_holders::hold(const std::string& asked, std::uint32_t container) {
  for (const auto& name : core::held_names(asked)) held_[name].push_back(container);
}

std::vector<std::uint32_t> image_holders::of(const core::image& image) const {
  std::vector<std::uint32_t> out;
  const auto take = [&](const std::string& name) {
    if (const auto found = held_.find(name); found != held_.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  };
  if (held_.empty()) return out;
  take(image.id);
  for (const auto& tag : image.tags) take(tag);
  for (const auto& digest : image.digests) take(digest);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace docksweep::report
