// A configuration that changes while the agent runs: all of it is taken over, or nothing and the old one stays.
#include <fmt/format.h>

#include "cli/agent_parts.hpp"

namespace docksweep::cli {

using app::log_level;

namespace {

bool same_engine(const config::engine_settings& left, const config::engine_settings& right) {
  return left.host == right.host && left.tls == right.tls && left.timeout == right.timeout;
}

}  // namespace

void say_what_this_version_leaves_out(const config::settings& settings, app::log_sink& log) {
  if (settings.policies.empty() && settings.mode == core::mode::observe) return;
  log.log(log_level::warn, "policies_not_run",
          {{"count", fmt::format("{}", settings.policies.size())},
           {"why", "this version measures only: policies are read and checked, and nothing is removed"}});
}

core::result<std::unique_ptr<agent::engine_side>> agent::make_engine_side(const config::settings& settings) {
  auto chosen = parts_.choose_engine(settings);
  if (!chosen) return std::unexpected(std::move(chosen).error());
  return std::make_unique<engine_side>(
      executor_, *std::move(chosen), parts_.memory, parts_.counts, parts_.log,
      app::watcher_options{.resync = settings.inventory.resync, .disk_usage = settings.inventory.disk_usage});
}

core::result<void> agent::reload(std::string_view asked_by) {
  auto fresh = parts_.load_settings();
  auto outcome = fresh ? take_over(*std::move(fresh)) : core::result<void>(std::unexpected(std::move(fresh).error()));
  if (outcome) {
    parts_.counts.config_loaded(settings_.hash, std::chrono::system_clock::now());
    parts_.log.log(log_level::info, "config_reloaded", {{"asked_by", std::string(asked_by)}, {"hash", settings_.hash}});
    engine_->watcher.request_resync();
  } else {
    parts_.counts.config_rejected();
    parts_.log.log(log_level::error, "config_rejected",
                   {{"asked_by", std::string(asked_by)},
                    {"why", outcome.error().message},
                    {"next", "the configuration from before stays in force"}});
  }
  return outcome;
}

core::result<void> agent::take_over(config::settings fresh) {
  std::unique_ptr<engine_side> other;
  if (!same_engine(fresh.engine, settings_.engine)) {
    auto made = make_engine_side(fresh);
    if (!made) return std::unexpected(std::move(made).error());
    other = *std::move(made);
  }
  if (auto served = server_->reload(web_options(fresh)); !served) return served;
  // From here on nothing fails.
  parts_.log.use(fresh.log);
  say_what_needs_a_restart(fresh);
  settings_ = std::move(fresh);
  engine_->watcher.set_intervals(settings_.inventory.resync, settings_.inventory.disk_usage);
  parts_.counts.set_enforcing(settings_.mode == core::mode::enforce);
  say_what_this_version_leaves_out(settings_, parts_.log);
  ++disks_revision_;  // the exposition may say something else: per_image, intervals
  if (other != nullptr) {
    next_engine_ = std::move(other);
    engine_changed_.notify();
  }
  return {};
}

void agent::say_what_needs_a_restart(const config::settings& fresh) {
  if (fresh.state.path == settings_.state.path) return;
  parts_.log.log(log_level::warn, "restart_needed",
                 {{"key", "state.path"},
                  {"why", "the state is opened at the start; until then " + settings_.state.path + " is used"}});
}

}  // namespace docksweep::cli
