// Which containers hold which image.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/held_images.hpp"
#include "core/inventory.hpp"

namespace docksweep::report {

// By the rules of core::image_states.
class image_holders {
 public:
  explicit image_holders(std::span<const core::container> containers);

  // Indices into `containers`, ascending, each once.
  std::vector<std::uint32_t> of(const core::image& image) const;

 private:
  core::held_images held_;
};

}  // namespace docksweep::report
