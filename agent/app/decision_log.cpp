#include "app/decision_log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>
#include <vector>

namespace docksweep::app {
namespace {

std::string bytes_text(const std::optional<core::byte_count>& bytes) {
  return bytes ? std::to_string(*bytes) : std::string("unknown");
}

// "in_use=12 min_age=3", in order of precedence.
std::string kept_by_reason(const core::plan& plan) {
  std::array<std::int64_t, core::all_reasons.size()> counts{};
  for (const core::verdict& one : plan.verdicts) {
    if (one.action == core::verdict_action::keep) ++counts[static_cast<std::size_t>(one.why)];
  }
  std::string text;
  for (const auto why : core::all_reasons) {
    const auto count = counts[static_cast<std::size_t>(why)];
    if (count == 0) continue;
    if (!text.empty()) text += ' ';
    text += fmt::format("{}={}", core::to_string(why), count);
  }
  return text;
}

std::string_view key_of(core::target_kind kind) {
  switch (kind) {
    case core::target_kind::container:
      return "container_id";
    case core::target_kind::volume:
      return "volume";
    case core::target_kind::image:
    case core::target_kind::build_cache:
      break;
  }
  return "image_id";
}

log_level level_of(core::removal_outcome outcome) {
  const bool fault = outcome == core::removal_outcome::failed || outcome == core::removal_outcome::unknown;
  return fault ? log_level::warn : log_level::info;
}

}  // namespace

std::vector<log_field> decision_log::common() const {
  return {{"sweep_id", std::to_string(sweep_.id)},
          {"policy", sweep_.policy},
          {"trigger", std::string(core::to_string(sweep_.trigger))},
          {"actor", sweep_.actor},
          {"engine_id", sweep_.engine_id}};
}

void decision_log::planned(const core::plan& plan, bool enforce) {
  auto fields = common();
  fields.push_back({"mode", enforce ? "enforce" : "observe"});
  fields.push_back({"cause", sweep_.cause});
  fields.push_back({"steps", std::to_string(plan.steps.size())});
  fields.push_back({"predicted_bytes", std::to_string(plan.freed().at_least)});
  fields.push_back({"predicted_bytes_at_most", std::to_string(plan.freed().at_most)});
  fields.push_back({"kept", kept_by_reason(plan)});
  out_.write(log_level::info, "plan", fields);
}

void decision_log::removal(const core::removal_record& record, std::string_view outcome) {
  auto fields = common();
  fields.push_back({"kind", std::string(core::to_string(record.kind))});
  if (!record.object_id.empty()) fields.push_back({key_of(record.kind), record.object_id});
  fields.push_back({"reference", fmt::format("{}", fmt::join(record.references, ","))});
  fields.push_back({"digest", fmt::format("{}", fmt::join(record.digests, ","))});
  fields.push_back({"reason", std::string(core::to_string(record.why))});
  fields.push_back({"rule", record.rule});
  fields.push_back({"predicted_bytes", std::to_string(record.predicted.at_least)});
  fields.push_back({"freed_bytes", bytes_text(record.freed)});
  fields.push_back({"outcome", std::string(outcome)});
  if (!record.problem.empty()) fields.push_back({"problem", record.problem});
  out_.write(level_of(record.outcome), "removal", fields);
}

void decision_log::ended(std::chrono::nanoseconds took) {
  auto fields = common();
  fields.push_back({"outcome", std::string(core::to_string(sweep_.outcome))});
  fields.push_back({"planned", std::to_string(sweep_.planned)});
  fields.push_back({"removed", std::to_string(sweep_.removed)});
  fields.push_back({"failed", std::to_string(sweep_.failed)});
  fields.push_back({"predicted_bytes", std::to_string(sweep_.predicted.at_least)});
  fields.push_back({"freed_bytes", bytes_text(sweep_.freed)});
  fields.push_back({"disk_freed_bytes", bytes_text(sweep_.disk_freed)});
  fields.push_back({"took_ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count())});
  if (!sweep_.problem.empty()) fields.push_back({"problem", sweep_.problem});
  out_.write(sweep_.outcome == core::sweep_outcome::failed ? log_level::error : log_level::info, "sweep", fields);
}

void decision_log::note(log_level level, std::string_view event, std::string why) {
  auto fields = common();
  fields.push_back({"why", std::move(why)});
  out_.write(level, event, fields);
}

}  // namespace docksweep::app
