// Archived images as files: FOLDER/ID.tar.zst (zstd, with its checksum), readable by `zstd -d | docker load` too. It
// lives in store/, the adapter to this machine's own files.
#pragma once

#include <memory>

#include "app/archive.hpp"

namespace docksweep::store {

// Reads, writes and compresses on a thread of its own. Files are for their owner alone (an image may hold secrets). While
// one is written it has a name of its own, .ID.tar.zst.XXXXXX, which a crash may leave behind.
std::unique_ptr<app::image_archive> make_image_archive();

}  // namespace docksweep::store
