// A configuration that changes while the agent runs: all of it is taken over, or nothing and the old one stays.
#include <fmt/format.h>

#include <algorithm>

#include "cli/agent_parts.hpp"

namespace docksweep::cli {

using app::log_level;

namespace {

bool same_engine(const config::engine_settings& left, const config::engine_settings& right) {
  return left.host == right.host && left.tls == right.tls && left.timeout == right.timeout;
}

}  // namespace

agent::engine_side::engine_side(const boost::asio::any_io_executor& executor, chosen_engine made,
                                const agent_parts& parts, const config::settings& settings,
                                std::function<std::vector<std::string>()> watched_paths)
    : chosen(std::move(made)),
      watcher(executor, *chosen.engine, parts.memory, parts.counts, parts.log,
              {.resync = settings.inventory.resync, .disk_usage = settings.inventory.disk_usage}),
      usage(executor, parts.memory, parts.sweeps, parts.log, app::machine_clocks()),
      sweeps(*chosen.engine, parts.memory, parts.disks, parts.archive, parts.sweeps, parts.log),
      triggers(executor,
               {.node = watcher,
                .engine = *chosen.engine,
                .record = parts.memory,
                .file_systems = parts.disks,
                .usage = usage,
                .sweeps = sweeps,
                .counts = parts.sweeps,
                .alerts = parts.memory,
                .alert_counts = parts.counts,
                .log = parts.log,
                .time = app::machine_clocks(),
                .durable = parts.memory.durable(),
                .watched_paths = std::move(watched_paths)},
               settings.policies, settings.keep, trigger_options_of(settings)) {
  watcher.tell({.on_engine =
                    [this](const core::engine_identity& engine) {
                      usage.follow(engine.id);
                      triggers.view_changed();
                    },
                .on_event =
                    [this](const core::engine_event& event) {
                      usage.on_event(event);
                      triggers.on_event(event);
                    },
                .on_view =
                    [this](std::shared_ptr<const core::view> view) {
                      usage.on_view(std::move(view));
                      triggers.view_changed();
                    }});
}

app::trigger_options trigger_options_of(const config::settings& settings) {
  return {.settle = settings.settle,
          .resync = settings.inventory.resync,
          .history = settings.state.history,
          // The configuration has read it before.
          .node = core::parse_matchers(settings.alertmanager.node).value_or(std::vector<core::label_matcher>())};
}

std::vector<std::string> policy_names(const config::settings& settings) {
  std::vector<std::string> names;
  for (const auto& policy : settings.policies) names.push_back(policy.name);
  return names;
}

void agent::say_what_no_alert_starts() {
  const bool wanted = std::ranges::any_of(settings_.policies, [](const auto& one) { return !one.when.alerts.empty(); });
  if (wanted || settings_.alertmanager.urls.empty()) return;
  parts_.log.log(log_level::warn, "key_without_effect",
                 {{"key", "alertmanager.urls"}, {"next", "no alert starts a policy: set when.alerts in one"}});
}

void agent::say_what_keeps_policies_from_enforcing() {
  if (parts_.memory.durable()) return;
  const auto enforcing = std::ranges::count(settings_.policies, core::mode::enforce, &core::policy::mode);
  if (enforcing == 0) return;
  parts_.log.log(log_level::warn, "policies_only_observed",
                 {{"count", fmt::format("{}", enforcing)},
                  {"why", "the state is kept in memory only, and nothing is removed without a durable record"},
                  {"next", "make state.path writable and restart"}});
}

core::result<std::shared_ptr<agent::engine_side>> agent::make_engine_side(const config::settings& settings) {
  auto chosen = parts_.choose_engine(settings);
  if (!chosen) return std::unexpected(std::move(chosen).error());
  return std::make_shared<engine_side>(executor_, *std::move(chosen), parts_, settings,
                                       [this] { return paths_to_watch(); });
}

core::result<void> agent::reload(std::string_view asked_by) {
  if (stopping_) return core::fail(core::failure_code::cancelled, "the agent is about to end");
  auto fresh = parts_.load_settings();
  auto outcome = fresh ? take_over(*std::move(fresh)) : core::result<void>(std::unexpected(std::move(fresh).error()));
  config_bad_ = !outcome;
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
  std::shared_ptr<engine_side> other;
  // An engine is talked to with the credentials that it was made with.
  if (!same_engine(fresh.engine, settings_.engine) || fresh.registries != settings_.registries) {
    auto made = make_engine_side(fresh);
    if (!made) return std::unexpected(std::move(made).error());
    other = *std::move(made);
  }
  auto web_files = web_files_of(fresh.web);  // before they are read: what changes in between is seen
  if (auto served = server_->reload(web_options(fresh)); !served) return served;
  // From here on nothing fails.
  web_files_ = std::move(web_files);
  web_files_problem_.clear();
  parts_.log.use(fresh.log);
  say_what_needs_a_restart(fresh);
  const bool others_are_asked = fresh.alertmanager != settings_.alertmanager;
  settings_ = std::move(fresh);
  if (others_are_asked) alertmanagers_changed_.notify();
  engine_->watcher.set_intervals(settings_.inventory.resync, settings_.inventory.disk_usage);
  parts_.counts.set_enforcing(settings_.mode == core::mode::enforce);
  parts_.sweeps.know_policies(policy_names(settings_));
  engine_->triggers.take_over(settings_.policies, settings_.keep, trigger_options_of(settings_));
  say_what_no_alert_starts();
  say_what_keeps_policies_from_enforcing();
  ++own_revision_;  // the exposition may say something else: per_image, intervals
  if (other != nullptr) {
    next_engine_ = std::move(other);
    engine_changed_.notify();
  } else if (next_engine_ != nullptr) {
    // The engine that an earlier reload named still waits for its turn: it begins with what holds by then.
    next_engine_->watcher.set_intervals(settings_.inventory.resync, settings_.inventory.disk_usage);
    next_engine_->triggers.take_over(settings_.policies, settings_.keep, trigger_options_of(settings_));
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
