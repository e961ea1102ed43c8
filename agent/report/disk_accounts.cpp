#include "report/disk_accounts.hpp"

#include <algorithm>
#include <cstddef>

namespace docksweep::report {
namespace {

using core::byte_count;

// Whether `inner` is `outer` or below it, by whole path components.
bool is_within(std::string_view inner, std::string_view outer) {
  while (outer.size() > 1 && outer.ends_with('/')) outer.remove_suffix(1);
  if (outer == "/") return inner.starts_with('/');
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

std::optional<std::size_t> holder_of(std::string_view folder, std::span<const core::file_system> file_systems) {
  if (folder.empty()) return std::nullopt;
  std::optional<std::size_t> above, inside;
  for (std::size_t i = 0; i < file_systems.size(); ++i) {
    const std::string_view path = file_systems[i].path;
    if (is_within(folder, path)) {
      if (!above || file_systems[*above].path.size() < path.size()) above = i;
    } else if (is_within(path, folder) && !inside) {
      inside = i;
    }
  }
  return above ? above : inside;
}

bool same_disk(const core::file_system& a, const core::file_system& b) {
  return a.path == b.path || (a.device != 0 && a.device == b.device);
}

}  // namespace

std::vector<disk_account> disk_accounts(const core::view& view, std::span<const core::file_system> file_systems,
                                        std::string_view containerd_root) {
  std::vector<disk_account> out(file_systems.size());
  const auto& what = view.what();
  const bool elsewhere = what.engine.store == core::image_store::containerd && !containerd_root.empty();
  const auto root_holder = holder_of(what.engine.root_dir, file_systems);
  const auto image_holder = elsewhere ? holder_of(containerd_root, file_systems) : root_holder;
  for (std::size_t i = 0; i < file_systems.size(); ++i) {
    out[i].holds_root = root_holder && same_disk(file_systems[i], file_systems[*root_holder]);
    out[i].holds_images = image_holder && same_disk(file_systems[i], file_systems[*image_holder]);
  }
  if (!what.disk || !what.disk->containers_bytes || !what.disk->volumes_bytes) return out;
  const auto& disk = *what.disk;
  // Records that share layers with images are among the images' layers already.
  const auto cache = disk.build_cache_bytes.value_or(0) - disk.build_cache_shared_bytes;
  const auto images = view.layers().total().at_most + *disk.containers_bytes + std::max<byte_count>(0, cache);
  for (std::size_t i = 0; i < file_systems.size(); ++i) {
    const auto& fs = file_systems[i];
    if (!out[i].holds_root && !out[i].holds_images) continue;
    const auto counted = (out[i].holds_root ? *disk.volumes_bytes : 0) + (out[i].holds_images ? images : 0);
    out[i].unaccounted = std::max<byte_count>(0, fs.size_bytes - fs.free_bytes - counted);
  }
  return out;
}

std::vector<std::optional<byte_count>> unaccounted_bytes(const core::view& view,
                                                         std::span<const core::file_system> file_systems,
                                                         std::string_view containerd_root) {
  std::vector<std::optional<byte_count>> out;
  for (const auto& one : disk_accounts(view, file_systems, containerd_root)) out.push_back(one.unaccounted);
  return out;
}

}  // namespace docksweep::report
