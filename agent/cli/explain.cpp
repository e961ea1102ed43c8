// `docksweep explain`: every rule for or against one image, for [keep] alone and for each policy.
#include <algorithm>

#include "cli/commands.hpp"
#include "cli/lookup.hpp"
#include "cli/planning.hpp"
#include "cli/terminal.hpp"
#include "report/plan_text.hpp"
#include "report/sweep_json.hpp"

namespace docksweep::cli {
namespace {

report::policy_explanation explain_by(const core::policy& policy, std::string name, const core::node_picture& picture,
                                      std::size_t image, core::instant now) {
  const auto& id = picture.node.what().images[image].id;
  const auto plan = core::make_plan(picture, policy, now);
  report::policy_explanation made{.policy = std::move(name),
                                  .ruling = {},
                                  .rule = {},
                                  .findings = core::explain(picture, image, policy, now),
                                  .step = std::nullopt,
                                  .freed = {}};
  const auto is_it = [&id](const auto& one) { return one.kind == core::target_kind::image && one.id == id; };
  if (const auto found = std::ranges::find_if(plan.verdicts, is_it); found != plan.verdicts.end()) {
    made.ruling = *found;
    made.rule = plan.rule_text(*found);
  }
  if (const auto step = std::ranges::find_if(plan.steps, is_it); step != plan.steps.end()) {
    made.step = static_cast<std::uint32_t>(step - plan.steps.begin()) + 1;
    made.freed = step->freed;
  }
  return made;
}

report::image_explanation explain_all(const config::settings& settings, const node_facts& facts, std::size_t image,
                                      core::instant now) {
  const auto picture = facts.picture();
  report::image_explanation made{.node = picture.node,
                                 .image = image,
                                 .use = facts.usage.images.find(picture.node.what().images[image].id),
                                 .policies = {}};
  made.policies.push_back(explain_by(core::everything_unused(settings.keep), "", picture, image, now));
  for (const auto& policy : settings.policies)
    made.policies.push_back(explain_by(policy, policy.name, picture, image, now));
  return made;
}

app::task<int> explain_image(session& with, explain_command what) {
  const auto& settings = with.configuration.values;
  const auto has_goal = [](const auto& policy) { return !policy.until.empty(); };
  const planning_wish wish{.disks = std::ranges::any_of(settings.policies, has_goal)};
  auto facts = co_await read_node(with, wish);
  if (!facts) {
    complain(facts.error().message);
    co_return failed;
  }
  const auto found = find_image(*(*facts)->read.view, what.image);
  if (!found) {
    complain(found.error().message);
    co_return failed;
  }
  const auto now = std::chrono::system_clock::now();
  const auto made = explain_all(settings, **facts, found->index, now);
  std::string text;
  if (what.json) {
    report::write_explanation([&text](std::string_view piece) { text += piece; }, made);
    text += "\n";
  } else {
    const report::table_style style{.width = output_width(), .no_trunc = what.no_trunc, .colour = output_colour()};
    text = report::explanation_text(made, {.table = style, .all = true, .now = now});
  }
  const bool printed = print(text);
  say_what_is_unknown(**facts);
  co_return printed ? done : failed;
}

}  // namespace

int execute(const global_options& global, const explain_command& what) {
  return in_session(global, [&what](session& with) { return explain_image(with, what); });
}

}  // namespace docksweep::cli
