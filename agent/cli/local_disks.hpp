// The watched file systems, measured once for a command.
#pragma once

#include <string>
#include <vector>

#include "cli/session.hpp"
#include "cli/watched_paths.hpp"

namespace docksweep::cli {

struct measured_disks {
  std::vector<core::file_system> found;
  std::vector<std::string>
      problems;                 // complete sentences: paths that did not answer, or that are not to be seen from here
  std::string containerd_root;  // for report::unaccounted_bytes
};

app::task<measured_disks> measure_disks(session& with, core::engine_identity engine);

}  // namespace docksweep::cli
