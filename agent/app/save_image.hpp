// Saves an image to an archive before it is removed.
#pragma once

#include <string>
#include <vector>

#include "app/archive.hpp"
#include "app/disks.hpp"
#include "app/transfer.hpp"

namespace docksweep::app {

// Left free on a disk that archive and engine share.
inline constexpr core::byte_count archive_margin_bytes = 64 << 20;

struct archive_need {
  std::string folder;
  std::vector<std::string> engine_paths;  // where the engine keeps what it has
  core::byte_count image_bytes = 0;       // uncompressed
  bool engine_spools = false;  // it writes all of a save to its own disk before the first byte (graphdriver)
};

// Whether the folder's file system is another one than those of the engine, or has room for all of the image; and the
// engine's own, where it writes a copy first. Where nobody can tell which file systems these are, room is wanted. Fails
// (storage).
task<core::result<void>> check_archive_room(disks& file_systems, archive_need need);

// The engine's own save stream of this ID, to FOLDER/ID.tar.zst. → the file's path. A save that fails leaves no file.
task<core::result<std::string>> save_image(image_transfer& engine, image_archive& archive, std::string folder,
                                           std::string image_id);

}  // namespace docksweep::app
