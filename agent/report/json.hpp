// Core values → JSON, for GET /api/v1/inventory and for --json. Bytes are integers, times RFC 3339 in UTC, keys
// snake_case, null is what is not known. Documents are written piece by piece, so that a node with 10,000 images needs
// no second copy of itself in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/plan.hpp"
#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::report {

// Takes the pieces of a document in order.
using json_sink = std::function<void(std::string_view)>;

// Indices of images (or containers) of the view, in the order in which they are to appear. Each index is below their
// number.
using selection = std::span<const std::uint32_t>;
std::vector<std::uint32_t> everything(std::size_t count);

// What is known of images beside the view; either may be null.
struct image_notes {
  const core::use_book* use = nullptr;
  const core::plan* judged_by = nullptr;  // of this view: where each verdict comes from
};

// The verdict on the image at this place of the view that the plan was made of.
const core::verdict& verdict_on_image(const core::plan& plan, const core::view& view, std::size_t image);

// Array of images:
//   {id, tags, digests, state, size_bytes, freed, created_at, platform, parent_id, labels,
//    containers: [{id, name, state}]}
// and with notes: {…, first_seen_at, last_used_at, origin, verdict: {action, reason, rule, eligible_at}}.
// `freed` is what removing this image alone frees; a range of bytes is {at_least, at_most} everywhere.
void write_images(const json_sink& out, const core::view& view, selection which, const image_notes* notes = nullptr);

// Array of containers:
//   {id, names, state, status, image, image_id, created_at, writable_bytes, volumes, image_mounts, labels}
void write_containers(const json_sink& out, const core::view& view, selection which);

// What uses the disk (`df`):
//   {made_at, exact,
//    images: {count, layers, reclaimable, dangling_reclaimable, engine_bytes},
//    containers: {count, bytes},
//    volumes: {count, bytes, items: [{name, driver, anonymous, size_bytes, references, created_at, labels}]},
//    build_cache: {bytes, shared_bytes, reclaimable_bytes},
//    file_systems: [{path, size_bytes, used_bytes, avail_bytes, files, files_free, unaccounted_bytes}]}
// What only the engine's disk usage tells (made_at, engine_bytes, container bytes, volumes, build_cache) is null before
// the first one came. `containerd_root`: see unaccounted_bytes.
void write_disk(const json_sink& out, const core::view& view, std::span<const core::file_system> file_systems,
                std::string_view containerd_root);

// The whole inventory:
//   {complete_at, unreadable, engine: {id, engine, version, api_version, storage_driver, image_store, root_dir},
//    images_by_state, containers_by_state, images, containers, disk}
void write_inventory(const json_sink& out, const core::view& view, std::span<const core::file_system> file_systems,
                     std::string_view containerd_root);

}  // namespace docksweep::report
