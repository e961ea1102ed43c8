// One path after the other: there are few, and each has its own deadline.
#include "cli/local_disks.hpp"

namespace docksweep::cli {

app::task<measured_disks> measure_disks(session& with, core::engine_identity engine) {
  const auto watched = find_watched_paths(with.configuration.values.engine, with.host.where, engine);
  measured_disks measured;
  measured.containerd_root = watched.containerd_root;
  if (!watched.unseen.empty()) measured.problems.push_back(watched.unseen);
  for (const auto& path : watched.paths) {
    auto answer = co_await with.disks->measure(path);
    if (answer) {
      measured.found.push_back(*std::move(answer));
    } else {
      measured.problems.push_back(std::move(answer).error().message);
    }
  }
  co_return measured;
}

}  // namespace docksweep::cli
