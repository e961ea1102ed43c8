// What is on the node → metric families. Rendered afresh from the current view, so what vanished on the node vanishes
// here; when there is no view, the engine's series vanish (staleness), and engine_up, disks and timestamps stay.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plan.hpp"
#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::report {

// Everything that the state part of the page is made of.
struct node_state {
  std::shared_ptr<const core::view> view;       // null: no complete listing yet, or no answer for three resyncs
  bool engine_up = false;                       // app::engine_health::up
  bool engine_absent = true;                    // app::engine_health::absent
  std::vector<core::file_system> file_systems;  // the watched paths that could be read
  std::optional<core::instant> last_success;    // of a complete listing, for when the view is null (telemetry knows)
  const core::use_book* usage = nullptr;        // when images were last used; null: not known
  std::vector<std::optional<core::reason>> protections;  // beside the view's images; another length: not known
  std::optional<bool> paused;                            // nullopt: nobody here sweeps, or it is not known
};

struct node_options {
  std::chrono::milliseconds resync = std::chrono::minutes(5);  // for HELP: how fresh the figures are
  std::chrono::milliseconds disk_usage = std::chrono::minutes(15);
  std::chrono::milliseconds file_systems = std::chrono::seconds(10);
  std::size_t per_image = 0;    // at most this many (image, id) pairs with series of their own; 0: none
  std::string containerd_root;  // see unaccounted_bytes; empty: inside the engine's root_dir
};

std::vector<prometheus::MetricFamily> node_families(const node_state& state, const node_options& options);

}  // namespace docksweep::report
