#include "core/plan/holders.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/held_images.hpp"

namespace docksweep::core {

image_holders::image_holders(const view& node) {
  const auto& what = node.what();
  const held_images held(what.containers);
  first_of_image_.reserve(what.images.size() + 1);
  std::vector<std::uint32_t> count_of_container(what.containers.size(), 0);
  for (std::size_t i = 0; i < what.images.size(); ++i) {
    first_of_image_.push_back(static_cast<std::uint32_t>(containers_.size()));
    if (node.states()[i] != image_state::in_use) continue;
    for (const auto container : held.holders(what.images[i])) {
      containers_.push_back(container);
      ++count_of_container[container];
    }
  }
  first_of_image_.push_back(static_cast<std::uint32_t>(containers_.size()));

  first_of_container_.assign(what.containers.size() + 1, 0);
  for (std::size_t c = 0; c < what.containers.size(); ++c) {
    first_of_container_[c + 1] = first_of_container_[c] + count_of_container[c];
  }
  images_.resize(containers_.size());
  auto next = first_of_container_;
  for (std::uint32_t i = 0; i < what.images.size(); ++i) {
    for (const auto container : of_image(i)) images_[next[container]++] = i;
  }
}

std::span<const std::uint32_t> image_holders::of_image(std::size_t image) const {
  return std::span(containers_).subspan(first_of_image_[image], first_of_image_[image + 1] - first_of_image_[image]);
}

std::span<const std::uint32_t> image_holders::held_by(std::size_t container) const {
  const auto first = first_of_container_[container];
  return std::span(images_).subspan(first, first_of_container_[container + 1] - first);
}

std::string container_text(const container& one) {
  const auto& name = one.names.empty() ? one.id : *std::ranges::min_element(one.names);
  return fmt::format("container {} ({})", name, to_string(one.state));
}

}  // namespace docksweep::core
