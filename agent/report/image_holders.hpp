// Which containers hold which image.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::report {

// By the rules of core::image_states: an image is held through the container's ImageID, or its name where an engine
// gives no ID, or an image mount.
class image_holders {
 public:
  explicit image_holders(std::span<const core::container> containers);

  // Indices into `containers`, ascending, each once.
  std::vector<std::uint32_t> of(const core::image& image) const;

 private:
  void hold(const std::string& asked, std::uint32_t container);
  std::unordered_map<std::string, std::vector<std::uint32_t>> held_;  // by image ID or name
};

}  // namespace docksweep::report
