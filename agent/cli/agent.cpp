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
      alertmanagers_changed_(executor),
      metrics_({.state_revision = [this] { return state_revision(); },
                .state = [this] { return state_families(); },
                .own = [this] { return own_families(parts_.counts, parts_.sweeps); }}) {}

agent::~agent() = default;

core::result<void> agent::begin() {
  auto made = make_engine_side(settings_);
  if (!made) return std::unexpected(std::move(made).error());
  engine_ = *std::move(made);
  server_ =
      std::make_unique<web::server>(executor_, web_options(settings_), web::make_routes(content()), parts_.counts);
  web_files_ = web_files_of(settings_.web);  // before they are read: what changes in between is seen
  if (auto started = server_->start(); !started) return started;
  parts_.counts.config_loaded(settings_.hash, std::chrono::system_clock::now());
  parts_.counts.set_enforcing(settings_.mode == core::mode::enforce);
  parts_.counts.set_state_durable(parts_.memory.durable());
  parts_.sweeps.know_policies(policy_names(settings_));
  for (const auto& address : server_->addresses()) parts_.log.log(log_level::info, "listening", {{"address", address}});
  say_what_no_alert_starts();
  say_what_keeps_policies_from_enforcing();
  return {};
}

app::task<core::result<void>> agent::run() {
  if (auto begun = begin(); !begun) co_return begun;
  parts_.manager.tell("READY=1");  // it listens; whether an engine is there is for /-/ready to say
  loops_.start(follow_engine());
  loops_.start(watch_configuration());
  loops_.start(reload_on_signal());
  loops_.start(keep_memory_low());
  loops_.start(feed_watchdog());
  loops_.start(poll_alerts());
  co_await until_told_to_end();
  parts_.manager.tell("STOPPING=1");
  stopping_ = true;
  const auto side = engine_;  // stays while it is waited for
  auto ending = side->triggers.wind_down(why_ending_, removal_patience);
  co_await std::move(ending);
  loops_.cancel();
  co_await server_->stop();
  co_await loops_.ended();
  auto saving = side->usage.flush();
  co_await std::move(saving);
  parts_.log.log(log_level::info, "stopped");
  co_return core::result<void>{};
}

app::task<void> agent::until_told_to_end() {
  const auto [error, signal] = co_await ending_.async_wait(asio::as_tuple(asio::use_awaitable));
  ending_.clear();  // the next one does what it does to any process
  const auto* why = error ? "a fault" : signal == SIGINT ? "SIGINT" : "SIGTERM";
  parts_.log.log(log_level::info, "stopping", {{"why", why}});
  why_ending_ = fmt::format("the agent ends ({})", why);
}

app::task<void> agent::follow_engine() {
  for (;;) {
    const auto side = engine_;
    parts_.log.log(log_level::info, "watching",
                   {{"engine", net::to_string(side->chosen.where)}, {"from", side->chosen.source}});
    auto watching = side->watcher.run() || side->usage.run() || side->triggers.run() || until_another_engine();
    co_await std::move(watching);
    if (next_engine_ == nullptr || stopping_) co_return;  // cancelled
    auto saving = side->usage.flush();
    co_await std::move(saving);
    past_revisions_ += engine_revision() + 1;
    engine_ = std::move(next_engine_);
  }
}

app::task<void> agent::until_another_engine() {
  const auto side = engine_;
  while (next_engine_ == nullptr) {
    auto waiting = engine_changed_.wait(steady::time_point::max());
    co_await std::move(waiting);
  }
  auto ending = side->triggers.wind_down("the configuration names another engine", removal_patience);
  co_await std::move(ending);
}

// What the engine's own answers name, as far as it is to be seen from here.
std::vector<std::string> agent::paths_to_watch() {
  const auto& engine = engine_->watcher.engine_found();
  auto watched = find_watched_paths(settings_.engine, engine_->chosen.where, engine);
  if (containerd_root_ != watched.containerd_root) {
    containerd_root_ = watched.containerd_root;
    ++own_revision_;
  }
  if (!engine.id.empty() && watched.unseen != unseen_disk_) {
    unseen_disk_ = watched.unseen;
    if (!unseen_disk_.empty()) parts_.log.log(log_level::warn, "disk_not_watched", {{"why", unseen_disk_}});
  }
  return std::move(watched.paths);
}

app::task<void> agent::watch_configuration() {
  for (;;) {
    co_await pause(configuration_interval);
    if (config_file_.changed()) static_cast<void>(reload("file"));
    follow_web_files();
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
