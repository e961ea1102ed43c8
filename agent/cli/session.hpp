// What a command that asks the engine once works with: settings, engine, and what an agent has kept.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "app/archive.hpp"
#include "app/disks.hpp"
#include "app/history.hpp"
#include "app/log.hpp"
#include "app/remover.hpp"
#include "cli/command_line.hpp"
#include "config/engine_host.hpp"
#include "config/load.hpp"
#include "report/telemetry.hpp"
#include "store/sqlite_store.hpp"

namespace docksweep::cli {

// Why the state is not what the configuration names, for people; whatever else the store has to say is dropped.
class state_log final : public app::log_sink {
 public:
  void write(app::log_level level, std::string_view event, std::span<const app::log_field> fields) override;
  std::string why() const;  // empty: nothing is wrong

 private:
  mutable std::mutex guard_;  // the store has a thread of its own
  std::string why_;
};

// What some commands say beside the global options.
struct session_options {
  std::string auth_file;  // --auth-file of those that pull; empty: the usual places
};

struct session {
  config::configuration configuration;
  config::engine_host host;
  std::unique_ptr<report::prometheus_telemetry> counts;
  std::unique_ptr<app::container_engine> engine;
  std::unique_ptr<state_log> log;
  // Null: of a newer version. Not durable: there is none, or this user may not read it (see store::open_state).
  std::unique_ptr<app::state> memory;
  std::unique_ptr<app::disks> disks;
  std::unique_ptr<app::image_archive> archive;
};

// Reads the configuration, makes all of that, runs `work`, and returns its status; complains and returns bad_usage when
// the configuration is at fault. The state is opened for reading.
int in_session(const global_options& global, const std::function<app::task<int>(session&)>& work,
               const session_options& options = {});

// Opens it for writing: for what puts something on record. False after a message: it cannot be written.
bool open_to_write(session& with);

}  // namespace docksweep::cli
