// What is on a node: images, containers, volumes, build cache and disks, as values without behaviour.
// Missing, null, -1 and 0 are four different things in the Engine API: what is not known is std::nullopt here.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace docksweep::core {

using byte_count = std::int64_t;
using instant = std::chrono::system_clock::time_point;
using label_list = std::vector<std::pair<std::string, std::string>>;  // sorted by key

// Where the engine keeps images. The containerd store is the default of fresh Docker 29 installations; byte figures
// mean different things on it (docs of `layers.hpp`).
enum class image_store { graphdriver, containerd };
std::string_view to_string(image_store store);

struct engine_identity {
  std::string id;              // GET /info .ID: one engine installation, survives its restarts
  std::string engine;          // "docker" or "podman" (header Libpod-Api-Version)
  std::string version;         // "20.10.24+dfsg1"
  std::string api_version;     // the negotiated one, "1.41"
  std::string storage_driver;  // "overlay2", "overlayfs", ...
  image_store store = image_store::graphdriver;
  std::string root_dir;  // .DockerRootDir
  bool operator==(const engine_identity&) const = default;
};
// An engine keeps its ID when it is restarted with another image store, driver or folder, and has other bytes then.
bool same_storage(const engine_identity& one, const engine_identity& other);

struct image {
  std::string id;                    // "sha256:…"; config digest on graphdriver, manifest or index digest on containerd
  std::string parent_id;             // empty: none known
  std::vector<std::string> tags;     // "repository:tag" as the engine spells it; never "<none>:<none>", never a digest
  std::vector<std::string> digests;  // "repository@sha256:…"; never "<none>@<none>"
  std::optional<byte_count> size;    // Size of the listing; on containerd: compressed blobs + unpacked snapshots
  std::optional<byte_count> shared_size;  // SharedSize, only when asked for (API 1.42) and not -1
  std::optional<instant> created;         // the build date, not the arrival
  label_list labels;
  bool operator==(const image&) const = default;
};

// What never changes for an image ID (inspect and history): read once, kept in the store.
struct image_details {
  std::string id;
  std::vector<std::string> diff_ids;      // RootFS.Layers, lowest first
  std::vector<std::string> chain_ids;     // core::chain_ids(diff_ids): computed once, because it costs a hash per layer
  std::vector<byte_count> history_sizes;  // sizes of the history, oldest first, zero sizes left out
  bool has_history = false;               // false: the engine has no history at all (ENGINE: loaded images)
  std::optional<byte_count> content_size;  // Size of inspect; on containerd the blobs alone (through 29.7)
  std::optional<byte_count> listed_size;   // Size of the listing when this was read; when that changes, read again
  std::string platform;                    // "linux/amd64" or "linux/arm64/v8", empty: unknown
  bool operator==(const image_details&) const = default;
};

enum class container_state { created, running, paused, restarting, removing, exited, dead };
inline constexpr std::array all_container_states{
    container_state::created,  container_state::running, container_state::paused, container_state::restarting,
    container_state::removing, container_state::exited,  container_state::dead};
std::string_view to_string(container_state state);
// A word that no engine is known to use counts as running: the state that protects most.
container_state container_state_from(std::string_view word);
// Running, paused, restarting or just being removed: it has its mounts, and never goes. Not: created, exited, dead.
bool is_live(container_state state);

struct container {
  std::string id;
  std::vector<std::string> names;  // without the leading "/"
  std::string image_id;            // ImageID: the join key; empty if the engine does not say
  std::string image_name;          // Image: the name asked for, or an ID once its tag moved
  container_state state = container_state::running;
  std::string status;  // the engine's own words, "Exited (0) 4 seconds ago"
  std::optional<instant> created;
  std::optional<byte_count> writable_bytes;  // SizeRw, only when asked for
  std::vector<std::string> image_mounts;     // Mounts[] of type image (API 1.48): image names or IDs
  std::vector<std::string> volumes;          // names of mounted volumes
  label_list labels;
  // IDs of images that the names above have meant, as far as this process saw it (held_memory): no engine tells them.
  std::vector<std::string> held_ids = {};
  bool operator==(const container&) const = default;
};

struct volume {
  std::string name;
  std::string driver;
  bool anonymous = false;          // label com.docker.volume.anonymous, or a name of 64 hex digits
  std::optional<byte_count> size;  // nullopt: the engine does not know (-1, remote drivers)
  std::optional<int> references;   // containers that hold it; nullopt: unknown
  std::optional<instant> created;
  label_list labels;
  bool operator==(const volume&) const = default;
};

// What GET /system/df says. It walks every container and volume: slow, so it has its own interval.
struct disk_usage {
  instant made_at;
  std::optional<byte_count> images_bytes;        // LayersSize; ImageUsage.TotalSize from API 1.52
  std::optional<byte_count> containers_bytes;    // sum of SizeRw
  std::optional<byte_count> volumes_bytes;       // sum of known volume sizes
  std::optional<byte_count> build_cache_bytes;   // sum of the records' sizes
  byte_count build_cache_shared_bytes = 0;       // of these, records that share layers with images (Shared: true)
  byte_count build_cache_reclaimable_bytes = 0;  // records that are not in use
  std::vector<volume> volumes;
  std::vector<std::pair<std::string, byte_count>> container_writable_bytes;  // container ID, SizeRw
  bool operator==(const disk_usage&) const = default;
};

// statvfs of one watched path, in bytes and inodes. Used ratio = 1 - avail/size (f_bavail/f_blocks, as the kubelet has
// it).
struct file_system {
  std::string path;
  byte_count size_bytes = 0;
  byte_count avail_bytes = 0;  // f_bavail: what an ordinary user may still take
  byte_count free_bytes = 0;   // f_bfree
  std::int64_t files = 0;      // 0: this file system has no fixed number of inodes (btrfs)
  std::int64_t files_free = 0;
  std::uint64_t device = 0;  // st_dev of the path, so that two paths on one file system are seen as one; 0: unknown
  bool operator==(const file_system&) const = default;
};

// A listing, and how many of its entries had no readable ID: such a view is partial, and removes nothing.
template <typename Item>
struct listing {
  std::vector<Item> items;
  int unreadable = 0;
};

enum class event_kind { image, container, other };
std::string_view to_string(event_kind kind);

// One line of GET /events, the same for every engine and API version.
struct engine_event {
  event_kind kind = event_kind::other;
  std::string action;    // "tag", "pull", "create", "destroy" (Podman's "remove" is turned into it), …
  std::string id;        // Actor.ID: an image ID, a reference (pull; untag on containerd), a container ID, or empty
  std::string name;      // Actor.Attributes.name
  std::string image_id;  // Actor.Attributes.imageID, where there is one (container commit)
  std::string image;     // Actor.Attributes.image: for containers the image name, never an ID one can rely on
  instant time;
};

}  // namespace docksweep::core
