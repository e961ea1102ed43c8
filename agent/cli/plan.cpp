// `docksweep plan`: what a policy would remove now, in order, and why everything else stays.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/planning.hpp"
#include "cli/terminal.hpp"
#include "report/plan_parts.hpp"
#include "report/plan_text.hpp"
#include "report/sweep_json.hpp"

namespace docksweep::cli {
namespace {

std::string as_json(const core::plan& plan, const core::view& node) {
  std::string text;
  report::write_plan([&text](std::string_view piece) { text += piece; }, plan, node);
  return text += "\n";
}

// What the other commands take: an ID for an image, a name for the rest. The build cache has neither.
std::string names_for_a_pipe(const core::plan& plan) {
  std::string text;
  for (const auto& step : plan.steps) {
    const bool by_name = step.kind != core::target_kind::image && !step.names.empty();
    const auto& word = by_name ? step.names.front() : step.id;
    if (!word.empty()) text += word + "\n";
  }
  return text;
}

std::string title_of(const core::policy* policy) {
  if (policy == nullptr) return "Everything unused, under the rules of [keep]";
  return fmt::format("Policy {} ({} mode)", policy->name, core::to_string(policy->mode));
}

app::task<int> show_plan(session& with, plan_command what) {
  const auto& settings = with.configuration.values;
  const core::policy* named = nullptr;
  if (!what.policy.empty()) {
    named = policy_or_complain(settings, what.policy);
    if (named == nullptr) co_return bad_usage;
  }
  const auto policy = named == nullptr ? core::everything_unused(settings.keep) : *named;
  const planning_wish wish{.disks = !policy.until.empty()};
  auto facts = co_await read_node(with, wish);
  if (!facts) {
    complain(facts.error().message);
    co_return failed;
  }
  const auto& node = *(*facts)->read.view;
  const auto now = std::chrono::system_clock::now();
  const auto plan = core::make_plan((*facts)->picture(), policy, now);
  std::string text;
  if (what.json) {
    text = as_json(plan, node);
  } else if (what.quiet) {
    text = names_for_a_pipe(plan);
  } else {
    const report::table_style style{.width = output_width(), .no_trunc = what.no_trunc, .colour = output_colour()};
    text = report::plan_text(plan, node, title_of(named), {.table = style, .all = what.all, .now = now});
  }
  const bool printed = print(text);
  if (!what.quiet) {
    say_what_is_unknown(**facts);
    co_await say_if_paused(with);
  }
  if (!printed) co_return failed;
  co_return report::falls_short(plan) ? short_of_goal : done;
}

}  // namespace

int execute(const global_options& global, const plan_command& what) {
  return in_session(global, [&what](session& with) { return show_plan(with, what); });
}

}  // namespace docksweep::cli
