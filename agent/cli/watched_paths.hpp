// Which file systems to watch.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"
#include "core/inventory.hpp"
#include "net/endpoint.hpp"

namespace docksweep::cli {

struct watched_paths {
  std::vector<std::string> paths;
  std::string containerd_root;  // where a containerd of its own keeps the images; empty: inside the engine's root
  std::string unseen;           // for people: what cannot be watched from here and what to do about it; empty: nothing
};

// [engine].paths when set. Else where the engine keeps its data (DockerRootDir of /info), and containerd's root on that
// image store, as far as they exist here: an engine on another machine, or one seen from inside a container, has its
// data elsewhere.
watched_paths find_watched_paths(const config::engine_settings& settings, const net::endpoint& where,
                                 const core::engine_identity& engine);

}  // namespace docksweep::cli
