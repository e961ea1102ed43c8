// After a crash: the record says what was attempted, the engine says what there is. Brings the two together.
#pragma once

#include <string>

#include "app/sweeper.hpp"

namespace docksweep::app {

struct settle_parts {
  container_engine& engine;
  history& record;
  log_sink& log;
  const sweeper_options& options;
};

// For every sweep of this engine that a crash left unfinished, and for removals of the newest one whose outcome was
// unknown: asks the engine, puts names back that went although their image stayed, and writes down the truth. Call with
// the permit in hand. Returns how many sweeps it settled; fails (and leaves the rest for the next time) when the engine
// or the record cannot be asked.
task<core::result<int>> settle_sweeps(settle_parts with, std::string engine_id);

}  // namespace docksweep::app
