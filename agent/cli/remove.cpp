// `docksweep remove`: one image, tag or container by name, under the same invariants and on the same record.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/remove_plan.hpp"
#include "cli/sweep_runner.hpp"
#include "cli/terminal.hpp"

namespace docksweep::cli {
namespace {

remove_wish wish_of(const config::settings& settings, const remove_command& what) {
  remove_wish wish{.names = what.names, .keep = settings.keep};
  if (what.even_min_age) wish.keep.min_age = core::duration(0);
  if (what.even_local_only) wish.keep.local_only = wish.keep.ask_registry = false;
  return wish;
}

app::task<int> refuse(sweep_order order, std::vector<std::string> reasons) {
  std::string all;
  for (const auto& one : reasons) all += (all.empty() ? "" : "; ") + one;
  if (order.json) print(order_json(order, nullptr, {}, all));
  for (const auto& one : reasons) complain(one);
  complain("nothing was removed");
  say_what_is_unknown(order.node);
  co_return short_of_goal;
}

app::task<int> remove(session& with, remove_command what) {
  if (!what.yes && !can_ask()) {
    complain("there is no terminal to ask on: --yes removes without asking");
    co_return bad_usage;
  }
  if (!open_to_write(with)) co_return failed;
  const bool paused = co_await complain_if_paused(with);
  if (paused) co_return short_of_goal;
  const planning_wish node{.disks = true};  // free space before and after goes on record
  auto facts = co_await read_node(with, node);
  if (!facts) {
    complain(facts.error().message);
    co_return failed;
  }
  const auto wish = wish_of(with.configuration.values, what);
  auto made = plan_removal((*facts)->picture(), wish, std::chrono::system_clock::now());
  if (!made) {
    complain(made.error().message);
    co_return failed;
  }
  sweep_order order{.node = **facts,
                    .policy = made->policy,
                    .plan = made->plan,
                    .title = "What was named",
                    .yes = what.yes,
                    .quiet = what.quiet,
                    .json = what.json,
                    .no_trunc = false};
  if (!made->refused.empty()) {
    auto refusing = refuse(std::move(order), made->refused);
    co_return co_await std::move(refusing);
  }
  auto running = run_order(with, std::move(order));
  co_return co_await std::move(running);
}

}  // namespace

int execute(const global_options& global, const remove_command& what) {
  return in_session(global, [&what](session& with) { return remove(with, what); });
}

}  // namespace docksweep::cli
