// Alerts that come and are asked for, and sweeps by request.
#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "alertmanager/cluster.hpp"
#include "app/alert_poll.hpp"
#include "cli/agent_parts.hpp"
#include "config/engine_host.hpp"
#include "report/sweep_json.hpp"

namespace docksweep::cli {

using app::log_level;
using boost::asio::experimental::awaitable_operators::operator||;
using steady = std::chrono::steady_clock;

namespace {

alertmanager::cluster_options cluster_options_of(const config::alertmanager_settings& where) {
  alertmanager::cluster_options options{.urls = where.urls, .bearer_token_file = where.bearer_token_file};
  options.tls = config::tls_files_of(where.tls);
  if (where.basic) {
    options.username = where.basic->username;
    options.password_file = where.basic->password_file;
  }
  options.pause_least = where.poll;
  options.pause_most = std::max<std::chrono::milliseconds>(options.pause_most, where.poll);
  return options;
}

std::vector<app::alert_question> questions_of(const config::settings& settings) {
  std::vector<app::alert_question> all;
  const auto node = core::parse_matchers(settings.alertmanager.node);
  for (const auto& policy : settings.policies) {
    if (policy.when.alerts.empty()) continue;
    app::alert_question one{.policy = policy.name, .filters = policy.when.alerts};
    if (node) one.filters.insert(one.filters.end(), node->begin(), node->end());
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

app::task<void> agent::poll_alerts() {
  for (;;) {
    if (settings_.alertmanager.urls.empty()) {
      auto waiting = until_others_are_asked();
      co_await std::move(waiting);
      continue;
    }
    auto asking = ask_alertmanagers(settings_.alertmanager) || until_others_are_asked();
    co_await std::move(asking);
  }
}

app::task<void> agent::until_others_are_asked() {
  auto waiting = alertmanagers_changed_.wait(steady::time_point::max());
  co_await std::move(waiting);
}

app::task<void> agent::ask_alertmanagers(config::alertmanager_settings where) {
  auto source = alertmanager::make_cluster(executor_, cluster_options_of(where), parts_.counts, parts_.log);
  if (!source) {
    parts_.log.log(log_level::error, "alertmanager_not_asked", {{"error", source.error().message}});
    auto waiting = until_others_are_asked();
    co_await std::move(waiting);
    co_return;
  }
  app::alert_poll poll({.source = **source,
                        .counts = parts_.counts,
                        .questions = [this] { return questions_of(settings_); },
                        .on_answer =
                            [this](std::string policy, std::vector<core::alert> active) {
                              return take_polled(std::move(policy), std::move(active));
                            }},
                       where.poll);
  auto polling = poll.run();
  co_await std::move(polling);
}

app::task<core::result<void>> agent::take_polled(std::string policy, std::vector<core::alert> active) {
  const auto side = engine_;  // stays while it is told
  auto telling = side->triggers.on_poll(std::move(policy), std::move(active));
  co_return co_await std::move(telling);
}

app::task<core::result<std::vector<web::alert_answer>>> agent::take_alerts(core::alert_batch batch) {
  const auto side = engine_;  // stays while it is asked
  if (batch.truncated > 0) {
    parts_.log.log(log_level::warn, "alerts_truncated",
                   {{"count", std::to_string(batch.truncated)},
                    {"next", "what Alertmanager left out starts nothing: raise max_alerts in its webhook_config"}});
  }
  auto working = side->triggers.on_alerts(std::move(batch));
  auto verdicts = co_await std::move(working);
  if (!verdicts) co_return std::unexpected(std::move(verdicts).error());
  std::vector<web::alert_answer> answers;
  for (auto& one : *verdicts) {
    answers.push_back({.result = std::string(app::to_string(one.result)), .policies = std::move(one.policies)});
  }
  co_return answers;
}

app::task<web::sweep_answer> agent::sweep_by_request(std::string policy, bool dry_run, std::string actor) {
  using enum web::sweep_answer::kind;
  const auto side = engine_;
  const auto* configured = side->triggers.find(policy);
  const bool enforces = configured != nullptr && configured->mode == core::mode::enforce;
  if (!dry_run && enforces && !parts_.memory.durable()) {
    co_return web::sweep_answer{
        .what = conflict,
        .message =
            "The state is kept in memory only, and nothing is removed without a durable record: make state.path "
            "writable and restart."};
  }
  if (!dry_run && enforces) {
    auto sweeping = side->triggers.sweep_now(policy, std::move(actor));
    const auto begun = co_await std::move(sweeping);
    if (begun) co_return web::sweep_answer{.what = web::sweep_answer::kind::begun, .id = *begun};
    const auto& why = begun.error();
    const bool nothing_to_do = why.code == core::failure_code::not_found;
    if (!nothing_to_do) {
      co_return web::sweep_answer{.what = why.code == core::failure_code::conflict ? conflict : not_now,
                                  .message = why.message};
    }
  }
  auto planning = plan_json(policy);
  auto made = co_await std::move(planning);
  if (!made) {
    const bool no_policy = made.error().code == core::failure_code::not_found;
    co_return web::sweep_answer{.what = no_policy ? unknown : not_now, .message = std::move(made).error().message};
  }
  if (dry_run || enforces) co_return web::sweep_answer{.what = plan, .plan = *std::move(made)};
  co_return web::sweep_answer{.what = observe,
                              .plan = *std::move(made),
                              .message = fmt::format("Nothing was removed: policy {} is in observe mode.", policy)};
}

app::task<core::result<std::string>> agent::one_sweep_json(std::int64_t id) {
  const auto store = engine_->watcher.engine_found().store;
  app::history_query query;
  query.sweep_id = id;
  query.with_removals = true;
  auto loading = parts_.memory.load_history(std::move(query));
  const auto page = co_await std::move(loading);
  if (!page) co_return std::unexpected(page.error());
  if (page->sweeps.empty()) {
    co_return core::fail(core::failure_code::not_found, fmt::format("There is no sweep {} on record.", id));
  }
  std::string text;
  report::write_sweep([&text](std::string_view piece) { text += piece; }, page->sweeps.front(), page->removals, store);
  co_return text + "\n";
}

}  // namespace docksweep::cli
