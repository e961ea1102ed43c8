// Which containers hold which images, both ways: the reason behind image_state::in_use.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/view.hpp"

namespace docksweep::core {

class image_holders {
 public:
  explicit image_holders(const view& node);
  // Indices of containers (made of it, or with it mounted), ascending.
  std::span<const std::uint32_t> of_image(std::size_t image) const;
  // Indices of images, ascending.
  std::span<const std::uint32_t> held_by(std::size_t container) const;

 private:
  std::vector<std::uint32_t> containers_, first_of_image_;
  std::vector<std::uint32_t> images_, first_of_container_;
};

// "container web (exited)": the first of its names, else its ID.
std::string container_text(const container& one);

}  // namespace docksweep::core
