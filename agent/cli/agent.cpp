// Life of the agent: its loops, its start and its end. What it serves is in agent_content.cpp, how it takes over
// another configuration in agent_reload.cpp.
#include "cli/agent.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "cli/agent_parts.hpp"
#include "cli/watched_paths.hpp"

namespace docksweep::cli {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator||;
using app::log_level;
using steady = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds configuration_interval{5};
constexpr std::chrono::seconds trim_interval{10};
// While no engine has been found nobody knows which disk to watch: look again soon, later less often.
constexpr std::chrono::milliseconds first_disk_pause{20};

app::task<void> pause(std::chrono::milliseconds duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

agent::agent(asio::any_io_executor executor, agent_parts parts, config::settings settings)
    : executor_(executor),
      parts_(std::move(parts)),
      settings_(std::move(settings)),
      config_file_(parts_.config_file),
      ending_(executor, SIGTERM, SIGINT),
      reloading_(executor, SIGHUP),
      loops_(executor, [this] { ending_.cancel(); }),
      engine_changed_(executor),
      metrics_({.state_revision = [this] { return state_revision(); },
                .state = [this] { return state_families(); },
                .own = [this] { return own_families(parts_.counts); }}) {}

agent::~agent() = default;

core::result<void> agent::begin() {
  auto made = make_engine_side(settings_);
  if (!made) return std::unexpected(std::move(made).error());
  engine_ = *std::move(made);
  server_ =
      std::make_unique<web::server>(executor_, web_options(settings_), web::make_routes(content()), parts_.counts);
  if (auto started = server_->start(); !started) return started;
  parts_.counts.config_loaded(settings_.hash, std::chrono::system_clock::now());
  parts_.counts.set_enforcing(settings_.mode == core::mode::enforce);
  parts_.counts.set_state_durable(parts_.memory.durable());
  for (const auto& address : server_->addresses()) parts_.log.log(log_level::info, "listening", {{"address", address}});
  say_what_this_version_leaves_out(settings_, parts_.log);
  return {};
}

app::task<core::result<void>> agent::run() {
  if (auto begun = begin(); !begun) co_return begun;
  parts_.manager.tell("READY=1");  // it listens; whether an engine is there is for /-/ready to say
  loops_.start(follow_engine());
  loops_.start(measure_disks());
  loops_.start(watch_configuration());
  loops_.start(reload_on_signal());
  loops_.start(keep_memory_low());
  loops_.start(feed_watchdog());
  co_await until_told_to_end();
  parts_.manager.tell("STOPPING=1");
  loops_.cancel();
  co_await server_->stop();
  co_await loops_.ended();
  parts_.log.log(log_level::info, "stopped");
  co_return core::result<void>{};
}

app::task<void> agent::until_told_to_end() {
  const auto [error, signal] = co_await ending_.async_wait(asio::as_tuple(asio::use_awaitable));
  const auto* why = error ? "a fault" : signal == SIGINT ? "SIGINT" : "SIGTERM";
  parts_.log.log(log_level::info, "stopping", {{"why", why}});
  ending_.clear();  // the next one does what it does to any process
}

app::task<void> agent::follow_engine() {
  for (;;) {
    parts_.log.log(log_level::info, "watching",
                   {{"engine", net::to_string(engine_->chosen.where)}, {"from", engine_->chosen.source}});
    auto watching = engine_->watcher.run() || engine_changed_.wait(steady::time_point::max());
    co_await std::move(watching);
    if (next_engine_ == nullptr) co_return;  // cancelled
    past_revisions_ += engine_->watcher.revision() + 1;
    engine_ = std::move(next_engine_);
  }
}

app::task<void> agent::measure_disks() {
  auto wait = first_disk_pause;
  for (;;) {
    const auto engine = engine_->watcher.engine_found();
    const auto watched = find_watched_paths(settings_.engine, engine_->chosen.where, engine);
    std::vector<core::file_system> found;
    std::vector<std::string> problems;
    for (const auto& path : watched.paths) {
      auto answer = co_await parts_.disks.measure(path);
      if (answer) found.push_back(*std::move(answer));
      if (!answer) problems.push_back(std::move(answer).error().message);
    }
    if (!engine.id.empty() && !watched.unseen.empty()) problems.push_back(watched.unseen);
    if (problems != disk_problems_) {
      for (const auto& why : problems) parts_.log.log(log_level::warn, "disk_not_watched", {{"why", why}});
      disk_problems_ = std::move(problems);
    }
    if (found != file_systems_ || containerd_root_ != watched.containerd_root) {
      file_systems_ = std::move(found);
      containerd_root_ = watched.containerd_root;
      ++disks_revision_;
    }
    wait = watched.paths.empty() && engine.id.empty() ? std::min<std::chrono::milliseconds>(2 * wait, disks_interval)
                                                      : disks_interval;
    co_await pause(wait);
  }
}

app::task<void> agent::watch_configuration() {
  for (;;) {
    co_await pause(configuration_interval);
    if (config_file_.changed()) static_cast<void>(reload("file"));
  }
}

app::task<void> agent::reload_on_signal() {
  for (;;) {
    co_await reloading_.async_wait(asio::use_awaitable);
    static_cast<void>(reload("SIGHUP"));
  }
}

// A listing leaves holes behind that malloc keeps; a node with 1,000 images shall cost no more for having been listed.
app::task<void> agent::keep_memory_low() {
  std::uint64_t seen = 0;
  for (;;) {
    co_await pause(trim_interval);
    if (state_revision() == seen) continue;
    seen = state_revision();
    ::malloc_trim(0);
  }
}

app::task<void> agent::feed_watchdog() {
  const auto interval = parts_.manager.watchdog_interval();
  if (!interval) co_return;
  for (;;) {
    parts_.manager.tell("WATCHDOG=1");
    co_await pause(std::chrono::duration_cast<std::chrono::milliseconds>(*interval));
  }
}

}  // namespace docksweep::cli
