// What the agent serves, made from the newest view.
#include <boost/asio/use_awaitable.hpp>

#include "cli/agent_parts.hpp"
#include "cli/version.hpp"
#include "report/disk_accounts.hpp"
#include "report/json.hpp"
#include "report/node_metrics.hpp"
#include "report/process_metrics.hpp"

namespace docksweep::cli {

std::vector<prometheus::MetricFamily> own_families(const report::prometheus_telemetry& counts) {
  auto families = counts.families();
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
          .page = [this] { return page(); }};
}

web::server_options agent::web_options(const config::settings& settings) const {
  auto options = web::options_from(settings.web);
  options.inherited = parts_.inherited_listeners;
  options.names = {parts_.host_name};
  return options;
}

std::uint64_t agent::state_revision() const {
  return past_revisions_ + engine_->watcher.revision() + disks_revision_;
}

std::vector<prometheus::MetricFamily> agent::state_families() const {
  const auto& watcher = engine_->watcher;
  const report::node_state state{.view = watcher.current(),
                                 .engine_up = watcher.health().up,
                                 .engine_absent = watcher.health().absent,
                                 .file_systems = file_systems_,
                                 .last_success = parts_.counts.last_refresh()};
  return report::node_families(state, {.resync = settings_.inventory.resync,
                                       .disk_usage = settings_.inventory.disk_usage,
                                       .file_systems = disks_interval,
                                       .per_image = static_cast<std::size_t>(std::max(0, settings_.metrics.per_image)),
                                       .containerd_root = containerd_root_});
}

std::string agent::not_ready() const {
  if (engine_->watcher.current() != nullptr) return {};
  const auto& problem = engine_->watcher.health().problem;
  return problem.empty() ? "the first listing of images and containers has not ended yet" : problem;
}

std::shared_ptr<const std::string> agent::inventory_json() {
  const auto view = engine_->watcher.current();
  if (view == nullptr) return nullptr;
  if (inventory_json_ == nullptr || inventory_revision_ != state_revision()) {
    auto text = std::make_shared<std::string>();
    report::write_inventory([&text](std::string_view piece) { *text += piece; }, *view, file_systems_,
                            containerd_root_);
    inventory_json_ = std::move(text);
    inventory_revision_ = state_revision();
  }
  return inventory_json_;
}

web::page_figures agent::page() const {
  const auto view = engine_->watcher.current();
  const auto& health = engine_->watcher.health();
  web::page_figures figures{.host = parts_.host_name,
                            .version = std::string(version()),
                            .enforcing = false,
                            .now = std::chrono::system_clock::now(),
                            .engine_up = health.up,
                            .engine_absent = health.absent,
                            .engine_problem = health.problem,
                            .node = std::nullopt,
                            .disks = {}};
  std::vector<std::optional<core::byte_count>> unaccounted(file_systems_.size());
  if (view != nullptr) {
    figures.node = web::figures_of(*view);
    unaccounted = report::unaccounted_bytes(*view, file_systems_, containerd_root_);
  }
  for (std::size_t i = 0; i < file_systems_.size(); ++i) figures.disks.push_back({file_systems_[i], unaccounted[i]});
  return figures;
}

}  // namespace docksweep::cli
