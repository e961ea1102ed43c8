// What the agent's page shows: the newest view with one policy's verdicts, every plan, and the record.
#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "cli/agent_parts.hpp"
#include "cli/version.hpp"
#include "report/disk_accounts.hpp"

namespace docksweep::cli {
namespace {

constexpr std::size_t sweeps_on_page = 10;
constexpr auto plan_is_fresh = std::chrono::seconds(30);  // its verdicts change with time, too

}  // namespace

app::task<std::vector<web::page_policy>> agent::page_policies() {
  const auto side = engine_;
  std::vector<web::page_policy> all;
  for (const auto& one : side->triggers.status()) {
    all.push_back({one.policy->name, one.policy->mode == core::mode::observe, one.plan, one.next_run});
  }
  if (!all.empty() || side->watcher.current() == nullptr) co_return all;
  const auto revision = past_revisions_ + own_revision_ + side->watcher.revision();
  const auto now = std::chrono::system_clock::now();
  if (everything_unused_ == nullptr || everything_unused_revision_ != revision ||
      now - everything_unused_->made_at > plan_is_fresh) {
    const auto policy = core::everything_unused(settings_.keep);
    auto making = side->triggers.make_plan(policy);
    auto plan = co_await std::move(making);
    if (plan) everything_unused_ = std::make_shared<const core::plan>(*std::move(plan));
    if (plan) everything_unused_revision_ = revision;
  }
  all.push_back({"", true, everything_unused_, std::nullopt});
  co_return all;
}

std::shared_ptr<const web::page_node> agent::page_node(const web::page_policy* shown) {
  const auto view = engine_->watcher.current();
  if (view == nullptr) return nullptr;
  const auto plan = shown == nullptr ? nullptr : shown->plan;
  const auto revision = past_revisions_ + engine_->watcher.revision() + engine_->usage.revision();
  if (page_.node == nullptr || page_.revision != revision || page_.plan != plan) {
    const auto* const usage = engine_->usage.ready() ? &engine_->usage.usage().images : nullptr;
    page_ = {std::make_shared<const web::page_node>(web::figures_of(*view, plan.get(), usage)), revision, plan};
  }
  return page_.node;
}

app::task<web::page_figures> agent::page(web::page_request asked) {
  app::history_query query;
  query.engine_id = engine_->watcher.engine_found().id;
  query.sweeps_at_most = sweeps_on_page;
  query.with_removals = true;
  auto loading = parts_.memory.load_history(std::move(query));
  auto record = co_await std::move(loading);
  auto planning = page_policies();
  auto policies = co_await std::move(planning);

  // From here on nothing waits: one view, one moment.
  const auto& health = engine_->watcher.health();
  web::page_figures figures;
  figures.host = parts_.host_name;
  figures.version = std::string(version());
  figures.enforcing = settings_.mode == core::mode::enforce;
  figures.now = std::chrono::system_clock::now();
  figures.engine_up = health.up;
  figures.engine_absent = health.absent;
  figures.engine_problem = health.problem;
  figures.policies = std::move(policies);
  figures.paused = engine_->triggers.paused();
  if (record) {
    figures.history = {"", std::move(record->sweeps), std::move(record->removals)};
  } else {
    figures.history.problem = record.error().message;
  }
  const auto named = std::ranges::find(figures.policies, asked.policy, &web::page_policy::name);
  const auto shown = named == figures.policies.end() ? figures.policies.begin() : named;
  const bool any = shown != figures.policies.end();
  if (any) figures.shown_policy = shown->name;
  figures.node = page_node(any ? &*shown : nullptr);

  const auto view = engine_->watcher.current();
  const auto file_systems = engine_->triggers.file_systems();
  std::vector<report::disk_account> accounts(file_systems.size());
  if (view != nullptr) accounts = report::disk_accounts(*view, file_systems, containerd_root_);
  for (std::size_t i = 0; i < file_systems.size(); ++i)
    figures.disks.push_back(
        {file_systems[i], accounts[i].unaccounted, accounts[i].holds_images, accounts[i].holds_root});
  co_return figures;
}

}  // namespace docksweep::cli
