// Looks at the file system only to see whether a folder is there.
#include "cli/watched_paths.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace docksweep::cli {
namespace {

// Where containerd keeps the image store of dockerd unless its own configuration says otherwise; /info does not tell.
constexpr auto default_containerd_root = "/var/lib/containerd";

bool folder_is_here(const std::string& path) {
  struct stat node{};
  return !path.empty() && ::stat(path.c_str(), &node) == 0 && S_ISDIR(node.st_mode);
}

// A dockerd that runs a containerd of its own keeps everything below its own root.
std::string containerd_root_of(const core::engine_identity& engine) {
  if (engine.store != core::image_store::containerd || folder_is_here(engine.root_dir + "/containerd/daemon"))
    return {};
  return default_containerd_root;
}

}  // namespace

watched_paths find_watched_paths(const config::engine_settings& settings, const net::endpoint& where,
                                 const core::engine_identity& engine) {
  watched_paths found;
  const bool here = where.how == net::endpoint::kind::unix_socket;
  if (here) found.containerd_root = containerd_root_of(engine);
  if (!settings.paths.empty()) {
    found.paths = settings.paths;
    return found;
  }
  if (!here) {
    found.unseen =
        fmt::format("the engine is on another machine ({}), whose disks cannot be seen from here", where.host);
    return found;
  }
  if (folder_is_here(engine.root_dir)) {
    found.paths.push_back(engine.root_dir);
  } else if (!engine.root_dir.empty()) {
    found.unseen = fmt::format(
        "the engine's data ({}) cannot be seen from here, so its disk is not watched: mount one folder of that file "
        "system here and name it in [engine] paths",
        engine.root_dir);
  }
  if (folder_is_here(found.containerd_root)) found.paths.push_back(found.containerd_root);
  return found;
}

}  // namespace docksweep::cli
