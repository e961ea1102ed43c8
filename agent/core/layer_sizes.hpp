// From what the engine tells about images to the size of each layer: pure arithmetic on interned chain IDs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::core {

struct byte_range {
  byte_count at_least = 0;
  byte_count at_most = 0;
  bool exact() const { return at_least == at_most; }
  byte_range& operator+=(const byte_range& other) {
    at_least += other.at_least;
    at_most += other.at_most;
    return *this;
  }
  bool operator==(const byte_range&) const = default;
};

// One image as the arithmetic sees it.
struct layered_image {
  std::span<const std::uint32_t> chains;      // indices of its chain IDs, lowest first; the top one is the whole image
  std::optional<byte_count> cumulative;       // bytes of all its layers together; nullopt: unknown
  std::span<const byte_count> history_sizes;  // non-zero sizes, oldest first
  bool history_is_trusted = true;             // false (containerd): sizes are snapshots' at commit time, lower bounds
};

// Layers whose sum is known better than each of them: freed together they count as `sum`, else each as its own range.
struct layer_segment {
  byte_range sum;
  std::uint32_t layers = 0;
};

struct layer_sizes {
  static constexpr std::uint32_t no_segment = 0xffffffff;
  std::vector<byte_range> of;          // by chain index
  std::vector<std::uint32_t> segment;  // by chain index: into segments, or no_segment
  std::vector<layer_segment> segments;
};

// Sizes of `layer_count` layers (ENGINE facts §4): an image's cumulative size is exact at its top chain; each image is
// cut at the prefixes whose cumulative size is known, and inside each piece the non-zero history sizes are assigned in
// order. Where a piece has fewer sizes than layers, or its sizes do not add up, its sum stays and its layers are
// ranges.
layer_sizes resolve_layer_sizes(std::span<const layered_image> images, std::size_t layer_count);

}  // namespace docksweep::core
