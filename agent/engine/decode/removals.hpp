// What engines answer to removals, and the inspect of a container that a removal is decided by.
#pragma once

#include <memory>
#include <string_view>

#include "app/remover.hpp"
#include "core/failure.hpp"

namespace docksweep::engine {

// DELETE /images/{name}: [{"Untagged":…},{"Deleted":…}], read as it arrives. Podman leaves "sha256:" out; it is put
// back.
class image_removal_decoder {
 public:
  image_removal_decoder();
  ~image_removal_decoder();
  void feed(std::string_view piece);
  core::result<app::image_removal> finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// POST /build/prune: SpaceReclaimed, beside a list of every record that went.
class build_prune_decoder {
 public:
  build_prune_decoder();
  ~build_prune_decoder();
  void feed(std::string_view piece);
  // Fails (malformed) without SpaceReclaimed, which every version has.
  core::result<core::byte_count> finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// GET /containers/{id}/json?size=1. Fails (malformed) without a readable ID or without the host's configuration, where
// the restart policy is; a state that is missing or unknown counts as running, the one that protects most.
core::result<core::container_details> decode_container_inspect(std::string_view text);

// GET /volumes/{name}: its name. Fails (malformed) without one.
core::result<std::string> decode_volume_name(std::string_view text);

}  // namespace docksweep::engine
