// Layer accounting: which bytes an image shares, and what removing a set of images really frees.
// Every figure is at-least/at-most; the two are equal where the store can tell exactly.
//
// Graphdriver (exact to the byte where history is complete): chain IDs of the OCI image specification
// (chain₁ = diff₁, chainₙ = sha256(chainₙ₋₁ + " " + diffₙ)); the listing's Size is the cumulative size at an image's top
// chain; inside a segment between two known cumulative sizes the non-zero history sizes are assigned in order.
// Containerd store: the same for the unpacked snapshots, whose cumulative size is listed Size - inspected Size; the
// compressed blobs are only bounded, because the API does not say which images hold a blob together.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::core {

// Chain IDs of layers given lowest first (OCI image-spec, config.md "Layer ChainID").
std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids);

struct byte_range {
  byte_count at_least = 0;
  byte_count at_most = 0;
  bool exact() const { return at_least == at_most; }
  bool operator==(const byte_range&) const = default;
};

// Exclusive states of an image, first that applies (the values are in order of strength).
enum class image_state { in_use, unused, dangling, intermediate };
inline constexpr std::array all_image_states{image_state::in_use, image_state::unused, image_state::dangling,
                                             image_state::intermediate};
std::string_view to_string(image_state state);

// The state of each image, in the order given.
//  in_use: ImageID of any container (stopped and created ones too), or mounted into one.
//  intermediate: no tag and no digest, and the parent of another image.
//  dangling: no tag and no digest (what the engine lists with dangling=true, digest-only images excepted).
//  unused: everything else, digest-only images included.
std::vector<image_state> image_states(std::span<const image> images, std::span<const container> containers);

// The layers of a node, interned: build once per inventory, then ask about as many sets as needed.
class layer_accounting {
 public:
  // `details[i]` belongs to `images[i]` and may be null (not read yet, or unreadable): such an image holds bytes that
  // nobody can attribute, so the figures turn into bounds. `shared_cache_bytes`: size of build-cache records that share
  // layers with images (they keep layers alive), std::nullopt where that is unknown.
  layer_accounting(image_store store, std::span<const image> images, std::span<const image_details* const> details,
                   std::span<const image_state> states, std::optional<byte_count> shared_cache_bytes);

  // Bytes that removing these images (indices into `images`) frees, with the untagged ancestors that go with their last
  // child (DELETE without noprune). Indices that repeat count once. Cost: linear in the layers of the set.
  byte_range freed_by(std::span<const std::uint32_t> removed) const;

  // The images that go when `removed` go: these and their untagged, unused, childless ancestors.
  std::vector<std::uint32_t> with_ancestors(std::span<const std::uint32_t> removed) const;

  byte_range total() const;                               // all layers, each once
  std::vector<byte_count> bytes_by_state() const;         // in order of all_image_states; the at-least on containerd
  bool exact() const;                                     // every layer's size is known exactly, and nothing else holds layers

 private:
  struct layer {
    byte_count at_least = 0;   // 0..at_most where only the sum of a segment is known
    byte_count at_most = 0;
    std::uint32_t holders = 0;  // images that hold it
  };
  struct held {                // one image's view: its layers, its blobs
    std::uint32_t first = 0, count = 0;  // into image_layers_
    std::uint32_t parent = none;
    byte_range blobs;
    bool blobs_shared = false;
    bool removable_ancestor = false;
    std::uint32_t children = 0;
  };
  static constexpr std::uint32_t none = 0xffffffff;
  image_store store_;
  std::vector<layer> layers_;
  std::vector<std::uint32_t> image_layers_;
  std::vector<held> images_;
  std::vector<image_state> states_;
  byte_count shared_cache_bytes_ = 0;
  bool exact_ = true;
};

}  // namespace docksweep::core
