// What the agent serves, made from the newest view.
#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "cli/agent_parts.hpp"
#include "cli/version.hpp"
#include "report/disk_accounts.hpp"
#include "report/json.hpp"
#include "report/node_metrics.hpp"
#include "report/policy_metrics.hpp"
#include "report/process_metrics.hpp"
#include "report/sweep_json.hpp"

namespace docksweep::cli {

std::vector<prometheus::MetricFamily> own_families(const report::prometheus_telemetry& counts,
                                                   const report::sweep_counts& sweeps) {
  auto families = counts.families();
  for (auto& family : sweeps.families()) families.push_back(std::move(family));
  for (auto& family : report::process_families()) families.push_back(std::move(family));
  return families;
}

web::content_source agent::content() {
  return {.metrics =
              [this](report::exposition_format format, bool gzip) {
                return metrics_.page(format, gzip ? report::content_encoding::gzip : report::content_encoding::identity,
                                     std::chrono::steady_clock::now());
              },
          .not_ready = [this] { return not_ready(); },
          .reload = [this]() -> app::task<core::result<void>> { co_return reload("POST /-/reload"); },
          .inventory = [this] { return inventory_json(); },
          .page = [this](web::page_request asked) { return page(std::move(asked)); },
          .plan = [this](std::string policy) { return plan_json(std::move(policy)); },
          .history = [this](web::history_request what) { return history_json(std::move(what)); },
          .alerts = [this](core::alert_batch batch) { return take_alerts(std::move(batch)); },
          .sweep =
              [this](std::string policy, bool dry_run, std::string actor) {
                return sweep_by_request(std::move(policy), dry_run, std::move(actor));
              },
          .one_sweep = [this](std::int64_t id) { return one_sweep_json(id); }};
}

web::server_options agent::web_options(const config::settings& settings) const {
  auto options = web::options_from(settings.web);
  options.inherited = parts_.inherited_listeners;
  options.names = {parts_.host_name};
  return options;
}

std::uint64_t agent::engine_revision() const {
  return engine_->watcher.revision() + engine_->usage.revision() + engine_->triggers.revision();
}

std::uint64_t agent::state_revision() const {
  return past_revisions_ + engine_revision() + own_revision_;
}

std::vector<prometheus::MetricFamily> agent::state_families() const {
  const auto& watcher = engine_->watcher;
  const auto& triggers = engine_->triggers;
  const report::node_state state{.view = watcher.current(),
                                 .engine_up = watcher.health().up,
                                 .engine_absent = watcher.health().absent,
                                 .file_systems = triggers.file_systems(),
                                 .last_success = parts_.counts.last_refresh(),
                                 .usage = engine_->usage.ready() ? &engine_->usage.usage().images : nullptr,
                                 .protections = triggers.protections(),
                                 .paused = triggers.paused().has_value()};
  auto families =
      report::node_families(state, {.resync = settings_.inventory.resync,
                                    .disk_usage = settings_.inventory.disk_usage,
                                    .file_systems = disks_interval,
                                    .per_image = static_cast<std::size_t>(std::max(0, settings_.metrics.per_image)),
                                    .containerd_root = containerd_root_});
  std::vector<report::policy_figures> policies;
  for (auto& one : triggers.status()) {
    policies.push_back({.policy = one.policy,
                        .values = std::move(one.values),
                        .next_run = one.next_run,
                        .last_success = one.memory.last_success,
                        .plan = std::move(one.plan)});
  }
  for (auto& family : report::policy_families(policies)) families.push_back(std::move(family));
  return families;
}

// No socket is there: a node without a Docker engine, which has nothing to wait for, even if it had one before (a node
// that moved to containerd would hold up every rollout). docksweep_engine_up and _absent tell those two apart. A socket
// that is there and does not answer, or not to us, is another matter.
bool agent::no_engine_on_this_node() const {
  const auto& where = engine_->chosen.where;
  struct stat node{};
  return where.how == net::endpoint::kind::unix_socket && ::stat(where.path.c_str(), &node) != 0 && errno == ENOENT;
}

std::string agent::not_ready() const {
  if (engine_->watcher.current() != nullptr || no_engine_on_this_node()) return {};
  const auto& problem = engine_->watcher.health().problem;
  return problem.empty() ? "the first listing of images and containers has not ended yet" : problem;
}

std::shared_ptr<const std::string> agent::inventory_json() {
  const auto view = engine_->watcher.current();
  if (view == nullptr) return nullptr;
  if (inventory_json_ == nullptr || inventory_revision_ != state_revision()) {
    auto text = std::make_shared<std::string>();
    report::write_inventory([&text](std::string_view piece) { *text += piece; }, *view,
                            engine_->triggers.file_systems(), containerd_root_);
    inventory_json_ = std::move(text);
    inventory_revision_ = state_revision();
  }
  return inventory_json_;
}

app::task<core::result<std::string>> agent::plan_json(std::string policy) {
  const auto side = engine_;
  const auto* const configured = side->triggers.find(policy);
  if (configured == nullptr && !policy.empty()) {
    std::string names;
    for (const auto& name : policy_names(settings_)) names += (names.empty() ? "" : ", ") + name;
    co_return core::fail(core::failure_code::not_found,
                         fmt::format("There is no policy {}; {}", policy,
                                     names.empty() ? "none is configured." : "there are: " + names + "."));
  }
  const core::policy which = configured == nullptr ? core::everything_unused(settings_.keep) : *configured;
  auto making = side->triggers.make_plan(which);
  const auto plan = co_await std::move(making);
  if (!plan) co_return std::unexpected(plan.error());
  const auto view = side->watcher.current();
  if (view == nullptr) co_return core::fail(core::failure_code::unreachable, side->watcher.health().problem);
  std::string text;
  report::write_plan([&text](std::string_view piece) { text += piece; }, *plan, *view);
  co_return core::result<std::string>(std::move(text));
}

app::task<core::result<std::string>> agent::history_json(web::history_request what) {
  const auto engine = engine_->watcher.engine_found();
  app::history_query query;
  query.engine_id = engine.id;
  query.since = what.since;
  query.policy = std::move(what.policy);
  query.sweeps_at_most = what.limit;
  query.with_removals = true;
  auto loading = parts_.memory.load_history(std::move(query));
  const auto page = co_await std::move(loading);
  if (!page) co_return std::unexpected(page.error());
  std::string text;
  report::write_history([&text](std::string_view piece) { text += piece; }, page->sweeps, page->removals,
                        engine_->triggers.paused(), engine.store);
  co_return core::result<std::string>(std::move(text));
}

}  // namespace docksweep::cli
