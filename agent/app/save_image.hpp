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

// Whether the folder's file system is another one than those of the engine (`engine_paths`), or has room for all of
// `image_bytes`, uncompressed. Where nobody can tell which file systems these are, room is wanted. Fails (storage).
task<core::result<void>> check_archive_room(disks& file_systems, std::string folder, std::vector<std::string> engine_paths,
                                            core::byte_count image_bytes);

// The engine's own save stream of this ID, to FOLDER/ID.tar.zst. → the file's path. A save that fails leaves no file.
task<core::result<std::string>> save_image(image_transfer& engine, image_archive& archive, std::string folder,
                                           std::string image_id);

}  // namespace docksweep::app
