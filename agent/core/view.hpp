// One consistent picture of a node with everything that is derived from it: what metrics, pages and commands show.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/inventory.hpp"
#include "core/layers.hpp"

namespace docksweep::core {

struct inventory {
  engine_identity engine;
  std::vector<image> images;                                  // sorted by ID
  std::vector<std::shared_ptr<const image_details>> details;  // beside images; null: not read, or unreadable
  std::vector<container> containers;                          // sorted by ID
  std::optional<disk_usage> disk;                             // null until the first one came
  int unreadable = 0;                                         // entries of the last listing without a readable ID
  instant complete_at{};                                      // when the last complete listing was made
};

// Derived figures; immutable, shared with whoever reads while a newer one is made.
class view {
 public:
  // Puts images and containers in order of their IDs. `like`: an earlier view, or null. Where the images, their states
  // and details and the shared build cache are as they were there, the two views share one account of the layers: making
  // it is what costs.
  explicit view(inventory what, const view* like = nullptr);

  const inventory& what() const { return inventory_; }
  const std::vector<image_state>& states() const { return states_; }  // beside images
  const layer_accounting& layers() const { return *layers_; }
  std::array<std::int64_t, all_image_states.size()> images_by_state() const;  // in order of all_image_states
  std::array<std::int64_t, all_container_states.size()> containers_by_state()
      const;                                        // in order of all_container_states
  byte_range reclaimable() const;                   // removing every image that is not in use
  byte_range dangling_reclaimable() const;          // removing the dangling ones alone
  byte_range freed_alone(std::size_t index) const;  // removing this image alone

 private:
  inventory inventory_;
  std::vector<image_state> states_;
  std::shared_ptr<const layer_accounting> layers_;
};

}  // namespace docksweep::core
