// Puts the adapters together for a command that asks once and ends.
#include "cli/session.hpp"

#include <fmt/format.h>

#include "cli/configuration.hpp"
#include "cli/engine_options.hpp"
#include "cli/run_to_end.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "engine/docker_engine.hpp"
#include "store/image_archive.hpp"
#include "store/local_disks.hpp"
#include "store/sqlite_store.hpp"

namespace docksweep::cli {
namespace {

void open_memory(session& with, store::open_mode mode) {
  auto opened = store::make_sqlite_store(with.configuration.values.state.path, mode, *with.log);
  if (opened) with.memory = *std::move(opened);
  if (!opened) with.log->log(app::log_level::warn, "state_in_memory", {{"why", opened.error().message}});
}

session make_session(const global_options& global, const session_options& wish, config::configuration configuration,
                     config::engine_host host, boost::asio::any_io_executor executor) {
  session made;
  made.counts = std::make_unique<report::prometheus_telemetry>(
      report::build_facts{std::string(version()), std::string(revision()), std::string(compiler())});
  auto options = engine_options(configuration.values, global, wish.auth_file, executor);
  made.engine = engine::make_docker_engine(std::move(executor), host.where, std::move(options), *made.counts);
  made.log = std::make_unique<state_log>();
  made.disks = store::make_local_disks();
  made.archive = store::make_image_archive();
  made.configuration = std::move(configuration);
  made.host = std::move(host);
  // Not there, not for this user, of a newer version: then the engine is asked for everything.
  open_memory(made, store::open_mode::read_only);
  return made;
}

}  // namespace

void state_log::write(app::log_level, std::string_view event, std::span<const app::log_field> fields) {
  if (event != "state_in_memory" && event != "state_moved_aside") return;
  const std::lock_guard lock(guard_);
  for (const auto& field : fields) {
    if (field.key == "why") why_ = field.value;
  }
}

std::string state_log::why() const {
  const std::lock_guard lock(guard_);
  return why_;
}

bool open_to_write(session& with) {
  with.memory.reset();
  open_memory(with, store::open_mode::read_write);
  if (with.memory != nullptr && with.memory->durable()) return true;
  complain(fmt::format("the state {} cannot be written, and without a record nothing is changed: {}",
                       with.configuration.values.state.path, with.log->why()));
  return false;
}

int in_session(const global_options& global, const std::function<app::task<int>(session&)>& work,
               const session_options& options) {
  auto configuration = configuration_or_complain(global, named_files::not_needed);
  if (!configuration) return bad_usage;
  auto host = config::resolve_engine_host(global.host, configuration->values.engine, config::process_environment());
  if (!host) {
    complain(host.error().message);
    return host.error().code == core::failure_code::invalid ? bad_usage : failed;
  }
  boost::asio::io_context context(1);
  auto with = make_session(global, options, *std::move(configuration), *std::move(host), context.get_executor());
  return run_to_end(context, work(with));
}

}  // namespace docksweep::cli
