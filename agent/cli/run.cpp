// `docksweep run`: puts the agent together and runs it on this thread.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <exception>

#include "cli/agent.hpp"
#include "cli/commands.hpp"
#include "cli/configuration.hpp"
#include "cli/engine_options.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "config/engine_host.hpp"
#include "engine/docker_engine.hpp"
#include "store/image_archive.hpp"
#include "store/local_disks.hpp"
#include "store/sqlite_store.hpp"
#include "web/listener.hpp"

namespace docksweep::cli {
namespace {

int status_of(const core::failure& failure) {
  return failure.code == core::failure_code::invalid ? bad_usage : failed;
}

core::result<config::settings> load_again(const global_options& global) {
  auto loaded = load_configuration(global, named_files::must_be_readable);
  if (loaded) return std::move(loaded->values);
  std::string all;
  for (const auto& fault : loaded.error()) all += (all.empty() ? "" : "; ") + to_string(fault);
  return core::fail(core::failure_code::invalid, all);
}

core::result<chosen_engine> choose_engine(const global_options& global, const config::settings& settings,
                                          boost::asio::any_io_executor executor, app::telemetry& counts) {
  auto host = config::resolve_engine_host(global.host, settings.engine, config::process_environment());
  if (!host) return std::unexpected(std::move(host).error());
  auto options = engine_options(settings, global, {}, executor);
  auto made = engine::make_docker_engine(std::move(executor), host->where, std::move(options), counts);
  return chosen_engine{std::move(host->where), std::move(host->source), std::move(made)};
}

std::vector<int> listeners_from_systemd() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  return web::inherited_descriptors(pid == nullptr ? "" : pid, count == nullptr ? "" : count, ::getpid());
}

int run_to_the_end(boost::asio::io_context& context, agent& one) {
  int status = failed;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, one.run(), [&](std::exception_ptr error, core::result<void> outcome) {
    thrown = error;
    if (outcome) status = done;
    if (!outcome) {
      status = status_of(outcome.error());
      if (!error) complain(outcome.error().message);
    }
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return status;
}

}  // namespace

int execute(const global_options& global, const run_command&) {
  // One heap for all threads: the store's thread and the password checks would else each keep one of their own.
  ::mallopt(M_ARENA_MAX, 1);
  auto configuration = configuration_or_complain(global, named_files::must_be_readable);
  if (!configuration) return bad_usage;
  auto settings = std::move(configuration->values);
  stderr_log log(settings.log);
  log.log(
      app::log_level::info, "starting",
      {{"version", std::string(version())}, {"revision", std::string(revision())}, {"config", config_path(global)}});

  report::prometheus_telemetry counts({std::string(version()), std::string(revision()), std::string(compiler())});
  report::sweep_counts sweeps;
  // Before the state: its thread may hand a last answer over while everything else has ended already.
  boost::asio::io_context context(1);
  auto memory = store::make_sqlite_store(settings.state.path, store::open_mode::read_write, log);
  if (!memory) {
    complain(memory.error().message);
    return status_of(memory.error());
  }
  const auto disks = store::make_local_disks();
  const auto archive = store::make_image_archive();
  agent one(context.get_executor(),
            {.config_file = config_path(global),
             .load_settings = [&global] { return load_again(global); },
             .choose_engine =
                 [&](const config::settings& wanted) {
                   return choose_engine(global, wanted, context.get_executor(), counts);
                 },
             .memory = **memory,
             .disks = *disks,
             .archive = *archive,
             .log = log,
             .counts = counts,
             .sweeps = sweeps,
             .manager = service_manager::from_environment(),
             .host_name = config::process_environment().hostname,
             .inherited_listeners = listeners_from_systemd()},
            std::move(settings));
  return run_to_the_end(context, one);
}

}  // namespace docksweep::cli
