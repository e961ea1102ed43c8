// The port to what changes an engine: removals, and putting a name back. Beside app/engine.hpp, which only reads.
// Nothing here forces anything, and nothing prunes images: one reference or one ID at a time.
// Failures: not_found (404: gone, often a success), conflict (409, or what Podman says in its place), timeout (it may
// have happened: look again).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/engine.hpp"
#include "app/transfer.hpp"
#include "core/plan.hpp"

namespace docksweep::app {

// What DELETE /images answered: on graphdriver `deleted` has the image ID and the chain ID of every removed layer, on
// the containerd store digests only (ENGINE: §2).
struct image_removal {
  std::vector<std::string> untagged;
  std::vector<std::string> deleted;
};

class remover {
 public:
  virtual ~remover() = default;

  // By reference ("repository:tag", "repository@sha256:…"): takes that name away, and the image with its last name.
  // By ID: images without a name. Untagged ancestors go along. Deadline: 10 minutes.
  virtual task<core::result<image_removal>> remove_image(std::string name) = 0;
  // A container that stands still, without its volumes. Deadline: 10 minutes.
  virtual task<core::result<void>> remove_container(std::string id) = 0;
  // Build cache down to `keep_bytes`, least recently used first; what it freed by the engine's own count.
  virtual task<core::result<core::byte_count>> prune_build_cache(core::byte_count keep_bytes) = 0;
  virtual task<core::result<void>> remove_volume(std::string name) = 0;

  // POST /images/{id}/tag: gives a name (back) to an image.
  virtual task<core::result<void>> tag_image(std::string id, std::string reference) = 0;

  // Inspect of one container, its writable size included; std::nullopt: it is gone.
  virtual task<core::result<std::optional<core::container_details>>> container_details(std::string id) = 0;
  // Containers that hold this image, stopped and created ones too (filter ancestor, and where the engine knows image
  // mounts, API 1.48, those that mount it).
  virtual task<core::result<core::listing<core::container>>> holders_of_image(std::string id) = 0;
  // Containers that mount this volume.
  virtual task<core::result<core::listing<core::container>>> holders_of_volume(std::string name) = 0;
};

// An engine that can be read and changed, and images moved: what the Docker adapter is.
class container_engine : public engine, public remover, public image_transfer {};

}  // namespace docksweep::app
