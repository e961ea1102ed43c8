// The port to archived images: what the engine saved of an image, compressed, one file an image. store/image_archive.hpp
// implements it: this machine's files, with a thread of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/engine.hpp"

namespace docksweep::app {

// A file that is being written. Whoever destroys it before commit() leaves nothing behind.
class archive_writer {
 public:
  virtual ~archive_writer() = default;
  // Fails (storage) with the system's words: a full disk, an I/O error.
  virtual task<core::result<void>> write(std::string_view piece) = 0;
  // All of it is on the disk (fsync), under its name. → the file's path
  virtual task<core::result<std::string>> commit() = 0;
};

class archive_reader {
 public:
  virtual ~archive_reader() = default;
  // The next piece, valid until the next call; empty: the end. Fails (storage) on what is no whole archive.
  virtual task<core::result<std::string_view>> read() = 0;
};

class image_archive {
 public:
  virtual ~image_archive() = default;
  // Begins FOLDER/ID.tar.zst, ID without "sha256:". The folder has to be there: one that is missing may be a disk that is
  // not mounted. One of an earlier time is replaced when this one is whole.
  virtual task<core::result<std::unique_ptr<archive_writer>>> create(std::string folder, std::string image_id) = 0;
  // not_found: there is no such file.
  virtual task<core::result<std::unique_ptr<archive_reader>>> open(std::string path) = 0;
};

}  // namespace docksweep::app
