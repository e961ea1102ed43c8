// What each policy would do now, step by step, with the line where its goal is reached.
#include <algorithm>

#include "report/human.hpp"
#include "report/plan_parts.hpp"
#include "report/plan_text.hpp"
#include "web/html.hpp"
#include "web/page_parts.hpp"

namespace docksweep::web {
namespace {

constexpr std::size_t most_steps = 50;  // shown of one plan; docksweep plan has all

std::string object_of(const core::plan_step& step) {
  if (step.kind == core::target_kind::build_cache)
    return fmt::format("build cache, down to {}", bytes_text(step.keep_bytes));
  const auto kind = step.kind == core::target_kind::image ? "" : std::string(core::to_string(step.kind)) + " ";
  return kind + report::shown_name(step.names, step.id);
}

void add_line(std::string& out, std::string_view style, std::string_view text) {
  add(out, R"(<tr class="{}"><td colspan="4">{}</td></tr>)", style, escaped(text));
}

void add_steps(std::string& out, const core::plan& plan, std::string_view name) {
  add(out,
      R"(<div class="scroll"><table><caption>Steps of {}, in order</caption><thead><tr>)"
      R"(<th scope="col" class="number">Step</th><th scope="col">What goes</th>)"
      R"(<th scope="col" class="number">Frees</th><th scope="col" class="number">Together</th></tr></thead><tbody>)",
      escaped(name));
  for (std::size_t at = 0; at < plan.steps.size(); ++at) {
    const auto& step = plan.steps[at];
    const bool reaches = plan.goal_step && *plan.goal_step == at + 1;
    if (at < most_steps || reaches) {
      add(out,
          R"(<tr><td class="number">{}</td><td class="name">{}</td><td class="number">{}</td><td class="number">{}</td></tr>)",
          at + 1, escaped(object_of(step)), bytes_text(step.freed), bytes_text(step.cumulative));
    } else if (at == most_steps) {
      add_line(out, "more",
               fmt::format("… {}", count_text(static_cast<std::int64_t>(plan.steps.size() - most_steps), "more step",
                                              "more steps")));
    }
    if (reaches) add_line(out, "goal", "The goal is reached here.");
  }
  if (!plan.goals.empty() && !plan.goal_step) {
    add_line(out, "short",
             report::falls_short(plan)
                 ? plan.shortfall.value_or(0) > 0
                       ? fmt::format("The goal is not reached: {} lack.", bytes_text(*plan.shortfall))
                       : std::string("The goal is not reached.")
                 : std::string("Whether that reaches the goal is measured while it runs."));
  }
  out += "</tbody></table></div>";
}

void add_blockers(std::string& out, const core::plan& plan) {
  if (plan.blockers.empty()) return;
  out += "<p>In the way:</p><ul>";
  for (const auto& one : plan.blockers)
    add(out, "<li>{}, {}: {}</li>", count_text(one.count, "image", "images"), bytes_text(one.bytes),
        report::meaning(one.why));
  out += "</ul>";
}

void add_plan(std::string& out, const core::plan& plan, std::string_view name) {
  for (const auto& goal : plan.goals) add(out, "<p>Goal: {}</p>", escaped(report::goal_text(goal)));
  if (plan.goal_step == 0U && !plan.goals.empty()) {
    out += "<p>The goal is met already: nothing goes.</p>";
  } else if (plan.steps.empty() && plan.goals.empty()) {
    out += "<p>There is nothing that it would remove now.</p>";
  } else {
    add_steps(out, plan, name);
  }
  add_blockers(out, plan);
}

void add_policy(std::string& out, const page_policy& policy, core::instant now) {
  const auto name = policy.name.empty() ? std::string("everything unused") : policy.name;
  const bool long_one = policy.plan && policy.plan->steps.size() > 8;
  add(out, R"(<details class="plan"{}><summary><h3>{}</h3>)", long_one ? "" : " open", escaped(name));
  if (policy.observes) out += R"( <span class="pill">only observes</span>)";
  if (policy.plan) {
    add(out, " <span>would remove {} and free {}</span>", count_text(policy.plan->images(), "image", "images"),
        bytes_text(policy.plan->freed()));
  }
  if (policy.next_run)
    add(out, R"( <span class="soft">next run {}</span>)", report::human_until(*policy.next_run, now));
  out += "</summary>";
  if (policy.plan) {
    add_plan(out, *policy.plan, name);
  } else {
    out +=
        R"(<p class="soft">There is no plan right now: the engine was not listed, or its disks were not measured.</p>)";
  }
  out += "</details>";
}

}  // namespace

void add_plans(std::string& out, const page_figures& what) {
  if (what.policies.empty()) return;
  out += R"(<section aria-labelledby="plans"><h2 id="plans">What policies would do now</h2>)";
  if (what.policies.front().name.empty())
    out +=
        R"(<p class="soft">No policy is configured: this is what could go at most. <code>docksweep init</code> writes )"
        R"(a configuration to start from.</p>)";
  for (const auto& one : what.policies) add_policy(out, one, what.now);
  out += "</section>";
}

}  // namespace docksweep::web
