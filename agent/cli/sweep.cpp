// `docksweep sweep`: shows what a policy would remove, asks, and removes exactly that.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/sweep_runner.hpp"
#include "cli/terminal.hpp"
#include "report/history_text.hpp"

namespace docksweep::cli {
namespace {

// Reads the node and makes the plan; null after a message.
app::task<std::unique_ptr<node_facts>> read_or_complain(session& with) {
  const planning_wish everything;
  auto facts = co_await read_node(with, everything);
  if (facts) co_return *std::move(facts);
  complain(facts.error().message);
  co_return nullptr;
}

sweep_order order_of(const node_facts& facts, const core::policy& policy, const sweep_command& what) {
  return {.node = facts,
          .policy = policy,
          .plan = core::make_plan(facts.picture(), policy, std::chrono::system_clock::now()),
          .title = fmt::format("Policy {} ({} mode)", policy.name, core::to_string(policy.mode)),
          .yes = what.yes,
          .quiet = what.quiet,
          .json = what.json,
          .no_trunc = what.no_trunc};
}

// In observe mode: the plan, and how it would be run.
app::task<int> only_show(session& with, const core::policy& policy, sweep_command what) {
  auto facts = co_await read_or_complain(with);
  if (facts == nullptr) co_return failed;
  const auto order = order_of(*facts, policy, what);
  const auto* why = "the mode is observe; --enforce removes what the plan shows";
  const bool printed = what.json ? print(order_json(order, nullptr, {}, why)) : show_order(order);
  if (!what.quiet) say_what_is_unknown(*facts);
  complain(fmt::format("nothing was removed: {}", why));
  co_return printed ? short_of_goal : failed;
}

app::task<int> sweep(session& with, sweep_command what) {
  const auto* configured = policy_or_complain(with.configuration.values, what.policy);
  if (configured == nullptr) co_return bad_usage;
  auto policy = *configured;
  if (!what.archive.empty()) policy.archive = what.archive;
  if (!policy.archive.empty() && !policy.remove.images) {
    complain(fmt::format("--archive saves images before they are removed, and policy {} removes none", policy.name));
    co_return bad_usage;
  }
  if (policy.mode == core::mode::observe && !what.enforce) {
    auto showing = only_show(with, policy, what);
    co_return co_await std::move(showing);
  }
  if (!what.yes && !can_ask()) {
    complain(
        fmt::format("there is no terminal to ask on: 'docksweep plan {0}' shows what would go, 'docksweep sweep {0} "
                    "--yes' removes it without asking",
                    policy.name));
    co_return bad_usage;
  }
  if (!open_to_write(with)) co_return failed;
  const bool paused = co_await complain_if_paused(with);
  if (paused) co_return short_of_goal;
  auto facts = co_await read_or_complain(with);
  if (facts == nullptr) co_return failed;
  auto order = order_of(*facts, policy, what);
  auto running = run_order(with, std::move(order));
  co_return co_await std::move(running);
}

}  // namespace

int execute(const global_options& global, const sweep_command& what) {
  return in_session(global, [&what](session& with) { return sweep(with, what); });
}

}  // namespace docksweep::cli
