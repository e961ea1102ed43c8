// What the names meant by which containers hold images, from when a container was first seen. A tag may move on while
// the image that it meant stays mounted, and no engine's listing or inspect says which one that was. This memory lasts as
// long as the process: of a tag that moved before it started nothing is known, but that an image without a tag may be the
// one (held_images).
//
// A container and the tag that it was made with may become known in either order. So what a name means is collected
// until a whole listing that began after the container was first seen; from then on it stays.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::core {

class held_memory {
 public:
  // Notes what the names of this container mean among these images. True when that taught something new.
  bool note(const container& one, std::span<const image> images);
  // Whether a container is there for which note() may still learn something.
  bool learning() const { return learning_ > 0; }
  // IDs of the images that its names have meant, sorted.
  std::vector<std::string> ids_of(const std::string& container_id) const;

  void listing_began();
  // A listing is complete; these are all containers, and each was noted with its images.
  void listing_complete(std::span<const container> containers);
  void forget(const std::string& container_id);
  void forget_everything();

 private:
  struct entry {
    std::vector<std::string> ids;
    bool seen_before_listing = false;  // a listing has begun since it was first seen
    bool settled = false;
  };
  std::unordered_map<std::string, entry> known_;  // by container ID; only those that hold by names
  std::size_t learning_ = 0;                      // entries that are not settled
};

}  // namespace docksweep::core
