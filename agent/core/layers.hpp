// Layer accounting: which bytes an image shares, and what removing a set of images really frees.
// Every figure is at-least/at-most; the two are equal where the store can tell exactly.
//
// Graphdriver (exact to the byte where history is complete): chain IDs of the OCI image specification
// (chain₁ = diff₁, chainₙ = sha256(chainₙ₋₁ + " " + diffₙ)); the listing's Size is the cumulative size at an image's
// top chain; inside a segment between two known cumulative sizes the non-zero history sizes are assigned in order.
// Containerd store: the same for the unpacked snapshots, whose cumulative size is listed Size - inspected Size; the
// compressed blobs are only bounded, because the API does not say which images hold a blob together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/image_state.hpp"
#include "core/inventory.hpp"
#include "core/layer_sizes.hpp"

namespace docksweep::core {

// Chain IDs of layers given lowest first (OCI image-spec, config.md "Layer ChainID").
std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids);

// The layers of a node, interned: build once per inventory, then ask about as many sets as needed.
// Copies what it needs: the arguments of the constructor may go.
class layer_accounting {
 public:
  // `details[i]` belongs to `images[i]` and may be null (not read yet, or unreadable): such an image may hold any
  // layer, so while it stays, figures have no lower bound. `held_by_others`: bytes of layers that others than images may
  // keep alive (records of the build cache that share them, containers whose image is gone), which come off every
  // at-least; std::nullopt: unknown, and no lower bound either. States are those of image_states(): an ancestor that is
  // in use never goes along.
  layer_accounting(image_store store, std::span<const image> images, std::span<const image_details* const> details,
                   std::span<const image_state> states, std::optional<byte_count> held_by_others);

  // Bytes that removing these images (indices into `images`) frees, with the untagged ancestors that go along. Indices
  // that repeat count once. Linear in the layers of the node (counting); one image without ancestors: in its own
  // layers.
  byte_range freed_by(std::span<const std::uint32_t> removed) const;

  // What really goes when `removed` are deleted without noprune: those of them that keep no child (Docker refuses a
  // parent on graphdriver, and on the containerd store keeps it without its names), and each untagged, digest-less, unheld ancestor that loses its last child. Children come before parents.
  std::vector<std::uint32_t> gone_with(std::span<const std::uint32_t> removed) const;

  // Bytes of some layers of one image, by their places (0: the lowest; each at most once): what an engine lists after a
  // removal. Exact where each of them is, or all layers of a sum that is.
  byte_range bytes_of(std::uint32_t image, std::span<const std::uint32_t> places) const;

  // All layers, each once.
  byte_range total() const;
  // All layers, each once, at the strongest state that holds it; in order of all_image_states. On the containerd store
  // and for unresolved layers the at-least.
  std::array<byte_count, all_image_states.size()> bytes_by_state() const;
  // True when every layer's bytes are exact: graphdriver, all layers resolved. What a removal frees may still be a
  // range, where build cache shares layers.
  bool exact() const { return exact_; }
  // False while nobody knows what the build cache holds: then no freed figure has a lower bound.
  bool cache_known() const { return held_by_others_.has_value(); }

 private:
  friend class removal_simulation;  // the same arithmetic, one image at a time
  static constexpr std::uint32_t none = 0xffffffff;
  struct layer {
    byte_range size;
    std::uint32_t segment = none;  // into segments_
    std::uint32_t holders = 0;     // images that hold it
    image_state strongest = image_state::intermediate;
  };
  struct held_image {
    std::uint32_t first = 0, count = 0;  // into image_layers_ and image_diffs_
    std::uint32_t parent = none;
    std::uint32_t children = 0;
    byte_range unknown;                      // what it may hold alone beside its layers, or without details at all
    byte_count blob_bytes = 0;               // containerd: compressed content
    std::optional<byte_count> listed_bytes;  // no image frees more than the engine says it has
    bool known = false;
    image_state state = image_state::in_use;
    bool nameless = false;          // no tag, no digest
    bool goes_along = false;        // as an ancestor: nameless, and no container
    std::uint32_t owned_diffs = 0;  // containerd: layers whose blobs it stands for; 0: it stands for none
  };
  void intern(std::span<const image> images, std::span<const image_details* const> details);
  void resolve_sizes(std::span<const image> images, std::span<const image_details* const> details);
  void link_parents(std::span<const image> images);
  void choose_blob_owners();
  void merge_segments();
  std::span<const std::uint32_t> layers_of(std::uint32_t image) const;
  std::span<const std::uint32_t> diffs_of(std::uint32_t image) const;
  std::vector<std::uint32_t> largest_blobs_first(std::span<const std::uint32_t> some) const;
  bool goes_alone_without_ancestors(std::uint32_t image) const;
  byte_range blobs_freed(std::span<const std::uint32_t> gone) const;
  byte_range layers_freed(std::span<const std::uint32_t> gone) const;
  byte_range bounded(byte_range freed, std::span<const std::uint32_t> gone) const;

  image_store store_;
  std::vector<layer> layers_;
  std::vector<layer_segment> segments_;
  std::vector<std::uint32_t> image_layers_;
  std::vector<std::uint32_t> image_diffs_;  // containerd only: a blob is shared exactly where its diff ID is
  std::vector<std::uint32_t> diff_holders_;
  std::vector<std::uint32_t> diff_owner_;  // by diff: the image whose blobs count when this layer and its others go
  std::vector<held_image> images_;
  std::uint32_t unknown_images_ = 0;
  std::optional<byte_count> held_by_others_;
  bool exact_ = false;
};

}  // namespace docksweep::core
