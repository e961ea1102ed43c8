// Whether a file says something else than before: written in place, replaced, or behind a link that was swapped (as
// Kubernetes does with a ConfigMap).
#pragma once

#include <cstdint>
#include <string>

namespace docksweep::cli {

class changed_file {
 public:
  // Remembers what the file says now; a missing file counts as empty. An empty path never changes.
  explicit changed_file(std::string path);

  // True once per change of content. Costs one stat() while nothing happens. A file that vanished counts as unchanged
  // until it is back: an editor that replaces it in two steps is no reason to fall back to the defaults.
  bool changed();

 private:
  struct mark {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_ns = 0, status_ns = 0;
    bool operator==(const mark&) const = default;
  };
  static bool look(const std::string& path, mark& found);

  std::string path_;
  mark mark_;
  std::string content_hash_;
};

}  // namespace docksweep::cli
