// A node made up from a seed, with the truth that an engine would not tell: the real size of each layer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/layers.hpp"

namespace docksweep::tests {

struct random_node_options {
  int images = 12;
  int zero_size_percent = 20;   // layers without a byte: history cannot place them
  int no_history_percent = 10;  // images that were loaded without history
  int container_percent = 20;
  int untagged_percent = 40;
};

struct random_node {
  std::vector<core::image> images;
  std::vector<core::image_details> details;
  std::vector<core::container> containers;
  std::map<std::string, core::byte_count> true_size;  // by chain ID

  std::vector<const core::image_details*> details_view() const;
  // What deleting `removed` (without noprune, on graphdriver) really frees: a plain simulation, one image at a time.
  core::byte_count naive_freed(const std::vector<std::uint32_t>& removed) const;
};

// A node's images as the containerd store would keep them: besides its snapshots (the layers of the node) an image has a
// compressed blob for each, shared where the diff ID is, and a few bytes of its own. Nobody is anybody's parent.
struct random_containerd_node {
  random_node node;
  std::map<std::string, core::byte_count> true_blob;  // by diff ID
  std::vector<core::byte_count> own;                  // by image

  core::byte_count naive_freed(const std::vector<std::uint32_t>& removed) const;
  core::byte_count naive_snapshots_freed(const std::vector<std::uint32_t>& removed) const;
};

random_containerd_node on_containerd(random_node node, std::uint32_t seed);

random_node make_random_node(std::uint32_t seed, const random_node_options& options);

}  // namespace docksweep::tests
