// The text of `docksweep explain`; plan_text.hpp declares it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "report/human.hpp"
#include "report/plan_parts.hpp"
#include "report/plan_text.hpp"

namespace docksweep::report {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

std::string came(core::image_origin origin) {
  return origin == core::image_origin::unknown ? std::string() : fmt::format(", {}", core::to_string(origin));
}

std::string image_text(const image_explanation& what, const plan_style& style) {
  const auto& image = what.node.what().images[what.image];
  std::string out;
  const auto line = [&out](std::string_view key, const std::string& value) {
    out += fmt::format("{:<10} {}\n", key, value);
  };
  line("image", image.id);
  if (!image.tags.empty()) line("tags", joined(image.tags));
  if (!image.digests.empty()) line("digests", joined(image.digests));
  line("state", std::string(core::to_string(what.node.states()[what.image])));
  line("size", human_bytes(image.size));
  line("frees", human_bytes(what.node.freed_alone(what.image)) + " if it goes alone");
  if (what.use != nullptr) {
    line("arrived", fmt::format("{}{}", human_age(what.use->first_seen, style.now), came(what.use->origin)));
    line("last use", human_age(what.use->last_used, style.now));
  }
  return out;
}

// "kept by min_age (keep.min_age = 1h), in 48 minutes no longer"
std::string ruling_text(const policy_explanation& one, const plan_style& style) {
  const auto rule = one.rule.empty() ? std::string() : fmt::format(" ({})", one.rule);
  if (one.ruling.action == core::verdict_action::remove) {
    return one.step
               ? fmt::format("would be removed, as step {}, which frees {}{}", *one.step, human_bytes(one.freed), rule)
               : "would be removed" + rule;
  }
  auto out = fmt::format("stays: {}{}: {}", core::to_string(one.ruling.why), rule, meaning(one.ruling.why));
  if (one.ruling.eligible_at)
    out += fmt::format("; that ends {} ({})", human_until(*one.ruling.eligible_at, style.now),
                       rfc3339(*one.ruling.eligible_at));
  return out;
}

bool same(const core::finding& one, const core::finding& other) {
  return one.why == other.why && one.holds == other.holds && one.rule == other.rule && one.detail == other.detail;
}

// Of a policy only what differs from the general rules, which are shown in full.
std::vector<core::finding> what_differs(const policy_explanation& one, const policy_explanation& general) {
  std::vector<core::finding> left;
  std::ranges::copy_if(one.findings, std::back_inserter(left), [&general](const auto& finding) {
    return std::ranges::none_of(general.findings, [&](const auto& other) { return same(finding, other); });
  });
  return left;
}

std::string findings_table(const policy_explanation& one, const std::vector<core::finding>& shown,
                           const plan_style& style) {
  if (shown.empty()) return {};
  table out({{.title = " "},
             {.title = "RULE"},
             {.title = "HOLDS"},
             {.title = "UNTIL", .optional = true},
             {.title = "DETAIL", .shorten = shortening::end, .least_width = 34},
             {.title = "WRITTEN AS", .shorten = shortening::end, .optional = true}});
  bool decided = false;
  for (const auto& finding : shown) {
    const bool decides = !decided && finding.holds && finding.why == one.ruling.why;
    decided = decided || decides;
    out.add({decides ? "→" : "", std::string(core::to_string(finding.why)), finding.holds ? "yes" : "no",
             finding.until ? human_until(*finding.until, style.now) : "", finding.detail, finding.rule});
  }
  return out.text(style.table);
}

}  // namespace

std::string explanation_text(const image_explanation& what, const plan_style& style) {
  auto out = image_text(what, style);
  for (const auto& one : what.policies) {
    const auto title = one.policy.empty() ? std::string("Without a policy (everything unused, [keep])")
                                          : fmt::format("Policy {}", one.policy);
    const bool general = &one == &what.policies.front();
    const auto shown = general ? one.findings : what_differs(one, what.policies.front());
    out += fmt::format("\n{}: {}\n{}", title, ruling_text(one, style), findings_table(one, shown, style));
    if (!general && shown.size() < one.findings.size())
      out += shown.empty() ? "All rules as above.\n" : "The other rules as above.\n";
  }
  return out;
}

}  // namespace docksweep::report
