// Puts the adapters together for a command that asks once and ends.
#include "cli/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "app/log.hpp"
#include "cli/configuration.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "engine/docker_engine.hpp"
#include "store/local_disks.hpp"
#include "store/sqlite_store.hpp"

namespace docksweep::cli {
namespace {

// Not there, not for this user, of a newer version: then the engine is asked for everything.
std::unique_ptr<app::store> open_memory(const std::string& path, app::log_sink& log) {
  auto opened = store::make_sqlite_store(path, store::open_mode::read_only, log);
  return opened ? *std::move(opened) : nullptr;
}

session make_session(const global_options& global, config::configuration configuration, config::engine_host host,
                     boost::asio::any_io_executor executor, app::log_sink& log) {
  session made;
  made.counts = std::make_unique<report::prometheus_telemetry>(
      report::build_facts{std::string(version()), std::string(revision()), std::string(compiler())});
  engine::docker_engine_options options{.timeout = configuration.values.engine.timeout, .trace = {}};
  if (global.trace) options.trace = note;
  made.engine = engine::make_docker_engine(std::move(executor), host.where, std::move(options), *made.counts);
  made.memory = open_memory(configuration.values.state.path, log);
  made.disks = store::make_local_disks();
  made.configuration = std::move(configuration);
  made.host = std::move(host);
  return made;
}

}  // namespace

int in_session(const global_options& global, const std::function<app::task<int>(session&)>& work) {
  auto configuration = configuration_or_complain(global, named_files::not_needed);
  if (!configuration) return bad_usage;
  auto host = config::resolve_engine_host(global.host, configuration->values.engine, config::process_environment());
  if (!host) {
    complain(host.error().message);
    return host.error().code == core::failure_code::invalid ? bad_usage : failed;
  }
  app::silent_log log;  // what goes wrong on the way is the command's own to say
  boost::asio::io_context context(1);
  auto with = make_session(global, *std::move(configuration), *std::move(host), context.get_executor(), log);
  int status = failed;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, work(with), [&](std::exception_ptr error, int result) {
    thrown = error;
    status = result;
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return status;
}

}  // namespace docksweep::cli
