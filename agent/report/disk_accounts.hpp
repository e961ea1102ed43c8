// What is used on a disk but counted by no engine: logs, foreign files, leftovers of a crash.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/view.hpp"

namespace docksweep::report {

struct disk_account {
  bool holds_root = false;    // the engine's root_dir: volumes
  bool holds_images = false;  // layers, writable layers and build cache
  std::optional<core::byte_count> unaccounted;
};

// For each of `file_systems` what the engine keeps there, and the bytes used there that the engine does not count
// (layers, writable layers, volumes, build cache), never below 0; std::nullopt where the engine keeps nothing, and
// everywhere before the first disk usage came. A lower bound: what the engine may hold is taken at its most.
//
// Which path holds what: everything is under the engine's root_dir, except that the containerd store keeps images,
// writable layers and build cache under `containerd_root` (empty: inside root_dir, as in an engine that starts its own
// containerd). A folder is on the watched path that equals it, else on its closest parent, else on one inside it (a pod
// mounts a childless folder of the data root, not the root). Paths with the same device are one file system.
std::vector<disk_account> disk_accounts(const core::view& view, std::span<const core::file_system> file_systems,
                                        std::string_view containerd_root);

// Of these the unaccounted bytes alone.
std::vector<std::optional<core::byte_count>> unaccounted_bytes(const core::view& view,
                                                               std::span<const core::file_system> file_systems,
                                                               std::string_view containerd_root);

}  // namespace docksweep::report
