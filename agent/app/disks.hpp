// The port to the watched file systems (statvfs). store/local_disks.hpp implements it: the adapter to this machine's
// own files, with a thread of its own, because statvfs of a dead network mount never returns.
#pragma once

#include <string>

#include "app/engine.hpp"
#include "core/failure.hpp"
#include "core/inventory.hpp"

namespace docksweep::app {

class disks {
 public:
  virtual ~disks() = default;
  // Size and free space of the file system that holds `path`. Answers within 2 s, or fails with failure_code::timeout.
  virtual task<core::result<core::file_system>> measure(std::string path) = 0;
};

}  // namespace docksweep::app
