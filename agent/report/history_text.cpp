#include "report/history_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/human.hpp"
#include "report/plan_parts.hpp"

namespace docksweep::report {
namespace {

using removal_list = std::vector<const core::removal_record*>;

std::string plural(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string name_of(const core::removal_record& one) {
  if (one.kind == core::target_kind::build_cache) return "build cache";
  return shown_name(one.references.empty() ? one.digests : one.references, one.object_id);
}

bool is_gone(const core::removal_record& one) {
  return one.outcome == core::removal_outcome::removed || one.outcome == core::removal_outcome::foreign;
}

removal_list gone_ones(const removal_list& all) {
  removal_list gone;
  std::ranges::copy_if(all, std::back_inserter(gone), [](const auto* one) { return is_gone(*one); });
  return gone;
}

// "alpine:3.19" for one, else "12 images, 1 container"
std::string what_went(const removal_list& gone) {
  if (gone.size() == 1) return name_of(*gone.front());
  std::string out;
  for (const auto kind : core::all_target_kinds) {
    const auto count = std::ranges::count(gone, kind, &core::removal_record::kind);
    if (count == 0) continue;
    const auto word = kind == core::target_kind::build_cache ? std::string_view("build cache") : to_string(kind);
    out +=
        (out.empty() ? "" : ", ") + (kind == core::target_kind::build_cache ? std::string(word) : plural(count, word));
  }
  return out.empty() ? "nothing" : out;
}

// "yes", "no", "maybe", "11 of 12" (at most), "restored"; empty where nothing went.
std::string comes_back(const removal_list& gone, core::image_store store) {
  if (gone.empty()) return {};
  const auto back = std::ranges::count_if(gone, [](const auto* one) { return one->restored.has_value(); });
  if (static_cast<std::size_t>(back) == gone.size()) return "restored";
  const auto count = [&](core::restorable which) {
    return static_cast<std::size_t>(std::ranges::count_if(
        gone, [&](const auto* one) { return core::restorability_of(*one, store).can == which; }));
  };
  const auto sure = count(core::restorable::yes), doubtful = count(core::restorable::maybe);
  if (sure == gone.size()) return "yes";
  if (doubtful == gone.size()) return "maybe";
  return sure + doubtful == 0 ? "no" : fmt::format("{} of {}", sure + doubtful, gone.size());
}

std::string policy_of(const core::sweep_record& sweep) {
  return sweep.policy.empty() ? "(remove)" : sweep.policy;
}

struct row {
  core::instant when;
  std::int64_t number = 0;  // tells rows of one moment apart: the later one is the higher
  std::vector<std::string> cells;
};

row row_of(const core::sweep_record& sweep, const removal_list& removals, const history_style& style) {
  const auto gone = gone_ones(removals);
  return {sweep.began,
          sweep.id,
          {fmt::format("{}", sweep.id), human_age(sweep.began, style.now), policy_of(sweep),
           std::string(to_string(sweep.outcome)), what_went(gone), human_bytes(sweep.freed),
           comes_back(gone, style.store), std::string(to_string(sweep.trigger)), sweep.actor}};
}

row row_of(const core::removal_record& foreign, const history_style& style) {
  return {foreign.at,
          foreign.id,
          {"", human_age(foreign.at, style.now), "(others)", "removed", name_of(foreign), human_bytes(foreign.freed),
           comes_back({&foreign}, style.store), "", ""}};
}

std::string took(const core::sweep_record& sweep) {
  const auto span = *sweep.ended - sweep.began;
  return span < std::chrono::seconds(1) ? "less than a second" : human_duration(span);
}

std::string on_disk(core::byte_count freed) {
  return freed >= 0 ? human_bytes(freed) + " more free than before"
                    : human_bytes(-freed) + " less free than before: others write, too";
}

std::string ending(const core::sweep_record& sweep) {
  std::string out(to_string(sweep.outcome));
  if (!sweep.problem.empty()) out += ": " + sweep.problem;
  return out;
}

// Why it went or stayed; of what went and does not come back, why not.
std::string why_of(const core::removal_record& one, core::image_store store) {
  std::string why = one.problem.empty() ? one.rule : one.problem;
  if (!one.archive.empty()) why += fmt::format("; saved to {}", one.archive);
  const bool image = one.kind == core::target_kind::image;
  if (!image || !is_gone(one) || one.restored) return why;
  const auto back = core::restorability_of(one, store);
  if (back.can == core::restorable::yes) return why;
  return fmt::format("{}; {}: {}", why, back.can == core::restorable::no ? "not restorable" : "perhaps not restorable",
                     back.why);
}

}  // namespace

std::string history_text(std::span<const core::sweep_record> sweeps, std::span<const core::removal_record> removals,
                         const history_style& style) {
  std::map<std::int64_t, removal_list> by_sweep;
  for (const auto& one : removals) by_sweep[one.sweep_id].push_back(&one);
  std::vector<row> rows;
  for (const auto& sweep : sweeps) rows.push_back(row_of(sweep, by_sweep[sweep.id], style));
  for (const auto* foreign : by_sweep[0]) rows.push_back(row_of(*foreign, style));
  std::ranges::sort(rows, std::ranges::greater(), [](const row& one) { return std::pair(one.when, one.number); });
  table out({{.title = "SWEEP", .align = alignment::right},
             {.title = "WHEN"},
             {.title = "POLICY", .shorten = shortening::end, .least_width = 8},
             {.title = "OUTCOME"},
             {.title = "REMOVED", .shorten = shortening::middle, .least_width = 15},
             {.title = "FREED", .align = alignment::right},
             {.title = "BACK?"},
             {.title = "TRIGGER", .optional = true},
             {.title = "BY", .shorten = shortening::end, .least_width = 8, .optional = true}});
  for (auto& one : rows) out.add(std::move(one.cells));
  return out.text(style.table);
}

std::string sweep_text(const core::sweep_record& sweep, std::span<const core::removal_record> removals,
                       const history_style& style) {
  std::string out;
  const auto line = [&out](std::string_view key, const std::string& value) {
    out += fmt::format("{:<10} {}\n", key, value);
  };
  line("sweep", fmt::format("{} of {}, {}", sweep.id, policy_of(sweep), to_string(sweep.trigger)));
  line("by", sweep.actor.empty() ? "not known" : sweep.actor);
  if (!sweep.cause.empty()) line("because", sweep.cause);
  line("began", fmt::format("{} ({})", rfc3339(sweep.began), human_age(sweep.began, style.now)));
  if (sweep.ended) line("took", took(sweep));
  line("outcome", ending(sweep));
  line("predicted", human_bytes(sweep.predicted));
  line("freed", human_bytes(sweep.freed));
  if (sweep.disk_freed) line("on disk", on_disk(*sweep.disk_freed));
  table table({{.title = "WHAT"},
               {.title = "NAME", .shorten = shortening::middle, .least_width = 18},
               {.title = "ID"},
               {.title = "OUTCOME"},
               {.title = "FREED", .align = alignment::right},
               {.title = "BACK?"},
               {.title = "WHY", .shorten = shortening::end, .least_width = 16, .optional = true}});
  for (const auto& one : removals) {
    if (one.sweep_id != sweep.id) continue;
    const bool has_id = one.kind == core::target_kind::image || one.kind == core::target_kind::container;
    table.add({std::string(to_string(one.kind)), name_of(one),
               !has_id                ? ""
               : style.table.no_trunc ? one.object_id
                                      : short_id(one.object_id),
               std::string(to_string(one.outcome)), human_bytes(one.freed),
               is_gone(one) ? comes_back({&one}, style.store) : "", why_of(one, style.store)});
  }
  return table.rows() == 0 ? out : out + "\n" + table.text(style.table);
}

std::string sweep_summary(const core::sweep_record& sweep, std::span<const core::removal_record> removals) {
  removal_list all;
  for (const auto& one : removals) all.push_back(&one);
  const auto gone = gone_ones(all);
  auto out = fmt::format("Removed {}", what_went(gone));
  if (sweep.freed) {
    out += fmt::format(": {} freed, {} predicted", human_bytes(*sweep.freed), human_bytes(sweep.predicted));
  } else if (!gone.empty()) {
    out += fmt::format(": {} predicted; how much came back this engine cannot tell", human_bytes(sweep.predicted));
  }
  if (sweep.ended) out += fmt::format(", in {}", took(sweep));
  out += ".\n";
  for (const auto* one : all) {
    if (is_gone(*one) || one->problem.empty()) continue;
    out += fmt::format("Not removed: {} ({}): {}\n", name_of(*one), to_string(one->outcome), one->problem);
  }
  if (sweep.outcome != core::sweep_outcome::reached) out += fmt::format("The sweep {}.\n", ending(sweep));
  if (sweep.id != 0) out += fmt::format("On record as sweep {}: docksweep history --sweep {}\n", sweep.id, sweep.id);
  return out;
}

std::string removal_line(const core::removal_record& removal) {
  auto out = fmt::format("{} {}: {}", to_string(removal.kind), name_of(removal), to_string(removal.outcome));
  if (removal.freed) out += ", " + human_bytes(*removal.freed);
  if (!removal.problem.empty()) out += ": " + removal.problem;
  return out;
}

std::string pause_text(const core::pause_state& pause, core::instant now) {
  auto out =
      fmt::format("paused {} by {}", human_age(pause.since, now), pause.actor.empty() ? "somebody" : pause.actor);
  out += pause.until ? fmt::format(", until {}", rfc3339(*pause.until)) : ", until somebody resumes";
  if (!pause.reason.empty()) out += ": " + pause.reason;
  return out;
}

}  // namespace docksweep::report
