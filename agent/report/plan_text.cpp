#include "report/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/human.hpp"
#include "report/plan_parts.hpp"

namespace docksweep::report {
namespace {

std::string plural(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string amount(core::quantity what, double value) {
  if (std::isnan(value)) return "not known";
  switch (core::unit_of(what)) {
    case core::quantity_unit::ratio:
      return fmt::format("{:.1f} %", value * 100);
    case core::quantity_unit::bytes:
      return human_bytes(static_cast<core::byte_count>(value));
    case core::quantity_unit::count:
      break;
  }
  return fmt::format("{:.0f}", value);
}

std::string_view spoken(core::quantity what) {
  switch (what) {
    case core::quantity::disk:
      return "disk use";
    case core::quantity::inodes:
      return "inode use";
    case core::quantity::disk_free:
      return "free disk space";
    case core::quantity::images_bytes:
      return "layers of all images";
    case core::quantity::reclaimable:
      return "what unused images hold";
    case core::quantity::images:
      return "number of images";
    case core::quantity::dangling:
      return "number of dangling images";
    case core::quantity::exited:
      return "number of exited containers";
  }
  return {};
}

std::string step_shown(const core::plan_step& step) {
  if (step.kind == core::target_kind::build_cache) return fmt::format("down to {}", human_bytes(step.keep_bytes));
  return shown_name(step.names, step.id);
}

std::string_view before(const core::safeguards& first) {
  if (!first.archive) return "registry is asked";
  return first.ask_registry ? "asked for or saved" : "saved first";
}

std::string note_of(const core::plan& what, std::size_t index) {
  std::string note;
  const auto& step = what.steps[index];
  if (what.goal_step && *what.goal_step == index + 1) note = "goal reached";
  if (step.after_step != 0) note += fmt::format("{}after step {}", note.empty() ? "" : ", ", step.after_step);
  if (step.first.any()) note += fmt::format("{}{}", note.empty() ? "" : ", ", before(step.first));
  if (!step.also.empty())
    note += fmt::format("{}with {}", note.empty() ? "" : ", ",
                        plural(static_cast<std::int64_t>(step.also.size()), "parent"));
  return note;
}

std::string steps_table(const core::plan& what, const plan_style& style) {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < what.steps.size(); ++i) notes.push_back(note_of(what, i));
  const bool has_notes = std::ranges::any_of(notes, [](const auto& one) { return !one.empty(); });
  std::vector<column> columns{{.title = "#", .align = alignment::right},
                              {.title = "WHAT"},
                              {.title = "NAME", .shorten = shortening::middle, .least_width = 20},
                              {.title = "FREES", .align = alignment::right},
                              {.title = "TOTAL", .align = alignment::right}};
  if (has_notes) columns.push_back({.title = "NOTE"});
  columns.push_back({.title = "BECAUSE", .shorten = shortening::end, .optional = true});
  table out(std::move(columns));
  for (std::size_t i = 0; i < what.steps.size(); ++i) {
    const auto& step = what.steps[i];
    std::vector<std::string> cells{fmt::format("{}", i + 1), std::string(core::to_string(step.kind)), step_shown(step),
                                   human_bytes(step.freed), human_bytes(step.cumulative)};
    if (has_notes) cells.push_back(notes[i]);
    cells.push_back(what.rules[step.rule]);
    out.add(std::move(cells));
  }
  return out.text(style.table);
}

// "frees 3.4 GB by removing 12 images and 1 container"
std::string totals(const core::plan& what) {
  std::int64_t containers = 0, volumes = 0;
  bool cache = false;
  for (const auto& step : what.steps) {
    containers += step.kind == core::target_kind::container ? 1 : 0;
    volumes += step.kind == core::target_kind::volume ? 1 : 0;
    cache = cache || step.kind == core::target_kind::build_cache;
  }
  std::vector<std::string> parts;
  if (containers > 0) parts.push_back(plural(containers, "container"));
  if (cache) parts.emplace_back("build cache");
  if (what.images() > 0) parts.push_back(plural(what.images(), "image"));
  if (volumes > 0) parts.push_back(plural(volumes, "volume"));
  std::string list;
  for (std::size_t i = 0; i < parts.size(); ++i)
    list += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return fmt::format("Would remove {}, which frees {}.\n", list, human_bytes(what.freed()));
}

std::string goals_text(const core::plan& what) {
  std::string out;
  for (const auto& goal : what.goals) out += "Goal: " + goal_text(goal) + "\n";
  return out;
}

std::string outcome_text(const core::plan& what, const plan_style& style) {
  if (what.goals.empty()) return {};
  if (what.goal_step)
    return *what.goal_step == 0 ? std::string("The goal is met already.\n")
                                : fmt::format("The goal is reached with step {}.\n", *what.goal_step);
  if (!falls_short(what)) return "Whether that reaches the goal is measured while it runs.\n";
  std::string out = "The goal cannot be reached";
  if (what.shortfall) out += fmt::format(": {} would still lack", human_bytes(*what.shortfall));
  out += ".\n";
  if (what.blockers.empty()) return out;
  table table({{.title = "IN THE WAY"},
               {.title = "IMAGES", .align = alignment::right},
               {.title = "HOLD", .align = alignment::right},
               {.title = "BECAUSE", .shorten = shortening::end, .least_width = 20}});
  for (const auto& one : what.blockers)
    table.add({std::string(core::to_string(one.why)), fmt::format("{}", one.count), human_bytes(one.bytes),
               std::string(meaning(one.why))});
  return out + "\n" + table.text(style.table);
}

std::string kept_counts(const core::plan& what, const plan_style& style) {
  const auto counts = count_kept(what);
  if (counts.empty()) return {};
  table out({{.title = "STAYS"},
             {.title = "IMAGES", .align = alignment::right},
             {.title = "CONTAINERS", .align = alignment::right},
             {.title = "BECAUSE", .shorten = shortening::end, .least_width = 20}});
  const auto shown = [](std::int64_t count) { return count == 0 ? std::string() : fmt::format("{}", count); };
  for (const auto& one : counts)
    out.add({std::string(core::to_string(one.why)), shown(one.images), shown(one.containers),
             std::string(meaning(one.why))});
  return "\n" + out.text(style.table);
}

std::string kept_one_by_one(const core::plan& what, const core::view& node, const plan_style& style) {
  const object_names names(node);
  table out({{.title = "STAYS", .shorten = shortening::middle, .least_width = 20},
             {.title = "WHAT", .optional = true},
             {.title = "REASON"},
             {.title = "UNTIL"},
             {.title = "RULE", .shorten = shortening::end, .optional = true}});
  for (const auto& one : what.verdicts) {
    if (one.action != core::verdict_action::keep) continue;
    out.add({shown_name(names.of(one.kind, one.id), one.id), std::string(core::to_string(one.kind)),
             std::string(core::to_string(one.why)), one.eligible_at ? human_until(*one.eligible_at, style.now) : "",
             what.rule_text(one)});
  }
  return out.rows() == 0 ? std::string() : "\n" + out.text(style.table);
}

}  // namespace

std::string human_until(core::instant when, core::instant now) {
  return when - now < std::chrono::seconds(1) ? "now" : "in " + human_duration(when - now);
}

std::string goal_text(const core::plan_goal& goal) {
  const bool above = goal.what == core::quantity::disk_free;
  std::string out(spoken(goal.what));
  if (!goal.path.empty()) out += " at " + goal.path;
  out += fmt::format(": {} now, to be {} {}", amount(goal.what, goal.now), above ? "above" : "below",
                     amount(goal.what, goal.target));
  if (goal.met) return out + ", which it is";
  if (goal.lacking) out += fmt::format(", {} to go", human_bytes(*goal.lacking));
  return out;
}

std::string plan_text(const core::plan& what, const core::view& node, std::string_view title, const plan_style& style) {
  std::string out = fmt::format("{}, from what the engine listed {}\n", title, human_age(what.inventory_at, style.now));
  if (what.partial) out += "The engine's list had entries without an ID: such a plan is shown, and never run.\n";
  out += goals_text(what);
  out += what.steps.empty() ? "Nothing to remove.\n" : "\n" + steps_table(what, style) + "\n" + totals(what);
  out += outcome_text(what, style);
  out += style.all ? kept_one_by_one(what, node, style) : std::string();
  return out + kept_counts(what, style);
}

}  // namespace docksweep::report
