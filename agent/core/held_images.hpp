// Which containers hold which images. An image is held through the container's ImageID; through the name that was asked
// for, where an engine gives no ID; through an image mount (Docker 28 and later, API 1.48; the listing tells no ID, only
// the name that was asked for and a path: moby daemon/volumes.go); and through what such a name meant earlier. Where the
// name has moved to another image since the container began, nobody says which one is mounted, and Docker (28.5, both
// stores) deletes that one when asked. So an image without a tag is held by every container that has an image mounted by
// a tag: one without any name, or with a digest of the same repository. (A container that does not run has nothing
// mounted: its name is looked up when it starts.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::core {

// The names by which a container may hold images beside its ImageID: what it mounts, and its image's name where the
// engine gives no ID.
std::vector<std::string> asked_names(const container& one);

class held_images {
 public:
  // Copies what it needs.
  explicit held_images(std::span<const container> containers);

  bool holds(const image& one) const;
  // Indices into the containers, ascending, each once.
  std::vector<std::uint32_t> holders(const image& one) const;

 private:
  void hold(const std::string& asked, std::uint32_t container);
  void doubt(const container& one, std::uint32_t container);
  template <typename Visit>
  void each_match(const image& one, Visit visit) const;

  std::unordered_map<std::string, std::vector<std::uint32_t>> by_name_;  // by image ID, tag or digest
  std::vector<std::pair<std::string, std::uint32_t>> by_beginning_;      // of the digits of an image ID
  std::vector<std::pair<std::string, std::uint32_t>> mounted_by_tag_;    // by canonical repository
};

}  // namespace docksweep::core
