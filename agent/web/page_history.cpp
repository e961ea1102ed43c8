// What sweeps did, and what of it can be restored.
#include <algorithm>

#include "report/plan_parts.hpp"
#include "web/html.hpp"
#include "web/page_parts.hpp"

namespace docksweep::web {
namespace {

using removal_list = std::vector<const core::removal_record*>;

constexpr std::size_t most_removals = 50;  // shown of one sweep; docksweep history has all

std::string name_of(const core::removal_record& one) {
  if (one.kind == core::target_kind::build_cache) return "build cache";
  const auto kind = one.kind == core::target_kind::image ? "" : std::string(core::to_string(one.kind)) + " ";
  return kind + report::shown_name(one.references.empty() ? one.digests : one.references, one.object_id);
}

bool went(const core::removal_record& one) {
  return one.outcome == core::removal_outcome::removed || one.outcome == core::removal_outcome::foreign;
}

std::string comes_back(const core::removal_record& one, core::image_store store) {
  if (!went(one)) return "–";
  if (one.restored) return "restored";
  const auto can = core::restorability_of(one, store);
  const std::string_view word = can.can == core::restorable::yes  ? "yes"
                                : can.can == core::restorable::no ? "no"
                                                                  : "maybe";
  return can.why.empty() ? std::string(word) : fmt::format("{}: {}", word, can.why);
}

void add_removals(std::string& out, const removal_list& all, std::string_view caption, core::image_store store) {
  add(out,
      R"(<div class="scroll"><table><caption>{}</caption><thead><tr><th scope="col">What</th>)"
      R"(<th scope="col">Outcome</th><th scope="col" class="number">Freed</th>)"
      R"(<th scope="col">Can it come back?</th></tr></thead><tbody>)",
      escaped(caption));
  for (std::size_t at = 0; at < std::min(all.size(), most_removals); ++at) {
    const auto& one = *all[at];
    add(out, R"(<tr><td class="name">{}</td><td>{}{}</td><td class="number">{}</td><td>{}</td></tr>)",
        escaped(name_of(one)), core::to_string(one.outcome), one.problem.empty() ? "" : ": " + escaped(one.problem),
        one.freed ? bytes_text(*one.freed) : "–", escaped(comes_back(one, store)));
  }
  out += "</tbody></table></div>";
  if (all.size() > most_removals)
    add(out, R"(<p class="soft">And {}.</p>)", count_text(static_cast<std::int64_t>(all.size() - most_removals)));
}

void add_sweep(std::string& out, const core::sweep_record& sweep, const removal_list& removals, core::instant now,
               core::image_store store) {
  const auto gone = std::ranges::count_if(removals, [](const auto* one) { return went(*one); });
  const auto back = std::ranges::count_if(removals, [&](const auto* one) {
    return went(*one) && !one->restored && core::restorability_of(*one, store).can != core::restorable::no;
  });
  add(out, R"(<details><summary>{} <b>{}</b> <span class="outcome {}">{}</span> )", ago_text(now - sweep.began),
      escaped(sweep.policy.empty() ? "docksweep remove" : sweep.policy), core::to_string(sweep.outcome),
      core::to_string(sweep.outcome));
  if (sweep.outcome == core::sweep_outcome::observed) {
    add(out, "<span>would have freed {}</span>", bytes_text(sweep.predicted));
  } else {
    add(out, "<span>{} removed, {} freed, {} predicted</span>", count_text(gone),
        sweep.freed ? bytes_text(*sweep.freed) : "an unknown amount", bytes_text(sweep.predicted));
  }
  out += "</summary>";
  add(out, R"(<p class="soft">{}, {}{}</p>)", escaped(sweep.cause), escaped(sweep.actor),
      sweep.problem.empty() ? "" : ": " + escaped(sweep.problem));
  if (back > 0)
    add(out, "<p><code>docksweep restore {}</code> brings back up to {} of {}.</p>", sweep.id, count_text(back),
        count_text(gone));
  add_removals(out, removals, fmt::format("Sweep {} of {}", sweep.id, sweep.policy.empty() ? "a person" : sweep.policy),
               store);
  out += "</details>";
}

}  // namespace

void add_history(std::string& out, const page_figures& what) {
  const auto& history = what.history;
  const auto store = what.node ? what.node->engine.store : core::image_store::graphdriver;
  out += R"(<section class="history" aria-labelledby="history"><h2 id="history">What sweeps did</h2>)";
  if (!history.problem.empty()) add(out, "<p>The record cannot be read: {}</p>", escaped(history.problem));
  removal_list foreign;
  for (const auto& one : history.removals) {
    if (one.sweep_id == 0) foreign.push_back(&one);
  }
  if (history.sweeps.empty() && foreign.empty() && history.problem.empty())
    out += R"(<p class="soft">Nothing was swept yet.</p>)";
  for (const auto& sweep : history.sweeps) {
    removal_list own;
    for (const auto& one : history.removals) {
      if (one.sweep_id == sweep.id) own.push_back(&one);
    }
    add_sweep(out, sweep, own, what.now, store);
  }
  if (!foreign.empty()) {
    add(out, "<details><summary>{} by somebody else (kubelet, prune, a person)</summary>",
        count_text(static_cast<std::int64_t>(foreign.size()), "image removed", "images removed"));
    add_removals(out, foreign, "Removed by others, newest first", store);
    out += "</details>";
  }
  out += "</section>";
}

}  // namespace docksweep::web
