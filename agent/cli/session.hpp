// What a command that asks the engine once works with: settings, engine, and what an agent has kept.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "app/disks.hpp"
#include "app/engine.hpp"
#include "app/store.hpp"
#include "cli/command_line.hpp"
#include "config/engine_host.hpp"
#include "config/load.hpp"
#include "report/telemetry.hpp"

namespace docksweep::cli {

struct session {
  config::configuration configuration;
  config::engine_host host;
  std::unique_ptr<report::prometheus_telemetry> counts;
  std::unique_ptr<app::engine> engine;
  std::unique_ptr<app::store> memory;  // null: there is none, or this user may not read it
  std::unique_ptr<app::disks> disks;
};

// Reads the configuration, makes all of that, runs `work`, and returns its status; complains and returns bad_usage when
// the configuration is at fault.
int in_session(const global_options& global, const std::function<app::task<int>(session&)>& work);

}  // namespace docksweep::cli
