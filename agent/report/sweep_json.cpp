#include "report/sweep_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <string_view>
#include <utility>

#include "report/human.hpp"
#include "report/plan_parts.hpp"

namespace docksweep::report {
namespace {

namespace json = boost::json;

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value time_or_null(const std::optional<core::instant>& when) {
  return when ? json::value(rfc3339(*when)) : json::value(nullptr);
}

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value number_or_null(double number) {
  return std::isfinite(number) ? json::value(number) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& from) {
  return json::array(from.begin(), from.end());
}

json::object range_of(core::byte_range range) {
  return {{"at_least", range.at_least}, {"at_most", range.at_most}};
}

// Members are written one by one: a plan over 100,000 images needs no second copy of itself.
void write_member(const json_sink& out, std::string_view separated_key, const json::value& value) {
  out(separated_key);
  out(json::serialize(value));
}

template <typename Range, typename Make>
void write_array(const json_sink& out, const Range& range, Make make) {
  out("[");
  bool first = true;
  for (const auto& item : range) {
    if (!std::exchange(first, false)) out(",");
    out(json::serialize(make(item)));
  }
  out("]");
}

json::object short_goal(const core::plan_goal& goal) {
  return {{"quantity", core::to_string(goal.what)},
          {"now", number_or_null(goal.now)},
          {"target", number_or_null(goal.target)}};
}

json::value goal_of(const core::plan_goal& goal) {
  auto out = short_goal(goal);
  out["path"] = text_or_null(goal.path);
  out["met"] = goal.met;
  out["predictable"] = goal.predictable;
  out["lacking_bytes"] = or_null(goal.lacking);
  return out;
}

json::value step_of(const core::plan& all, const core::plan_step& step) {
  const bool cache = step.kind == core::target_kind::build_cache;
  return json::object{{"kind", core::to_string(step.kind)},
                      {"id", text_or_null(step.id)},
                      {"names", texts(step.names)},
                      {"freed", range_of(step.freed)},
                      {"cumulative", range_of(step.cumulative)},
                      {"after_step", step.after_step == 0 ? json::value(nullptr) : json::value(step.after_step)},
                      {"rule", text_or_null(all.rules[step.rule])},
                      {"also", texts(step.also)},
                      {"keep_bytes", cache ? json::value(step.keep_bytes) : json::value(nullptr)},
                      {"ask_registry", step.first.ask_registry},
                      {"archive", step.first.archive}};
}

json::value blocker_of(const core::blocker& one) {
  return json::object{{"reason", core::to_string(one.why)}, {"count", one.count}, {"bytes", range_of(one.bytes)}};
}

json::object ruling_of(const core::verdict& one, std::string_view rule) {
  return {{"action", core::to_string(one.action)},
          {"reason", core::to_string(one.why)},
          {"rule", text_or_null(rule)},
          {"eligible_at", time_or_null(one.eligible_at)}};
}

json::value verdict_of(const core::plan& all, const core::verdict& one, const object_names& names) {
  json::object out{{"kind", core::to_string(one.kind)}, {"id", one.id}, {"names", texts(names.of(one.kind, one.id))}};
  for (auto& member : ruling_of(one, all.rule_text(one))) out.insert(std::move(member));
  return out;
}

json::value explained_image(const image_explanation& what) {
  const auto& image = what.node.what().images[what.image];
  json::object out{{"id", image.id},
                   {"tags", texts(image.tags)},
                   {"digests", texts(image.digests)},
                   {"state", core::to_string(what.node.states()[what.image])},
                   {"size_bytes", or_null(image.size)},
                   {"freed", range_of(what.node.freed_alone(what.image))}};
  const auto* use = what.use;
  out["first_seen_at"] = use ? json::value(rfc3339(use->first_seen)) : json::value(nullptr);
  out["last_used_at"] = use ? json::value(rfc3339(use->last_used)) : json::value(nullptr);
  out["origin"] = use ? json::value(core::to_string(use->origin)) : json::value(nullptr);
  return out;
}

json::value finding_of(const core::finding& one) {
  return json::object{{"reason", core::to_string(one.why)},
                      {"holds", one.holds},
                      {"rule", text_or_null(one.rule)},
                      {"detail", text_or_null(one.detail)},
                      {"until", time_or_null(one.until)}};
}

json::value policy_of(const policy_explanation& one) {
  json::object out{{"policy", text_or_null(one.policy)}};
  for (auto& member : ruling_of(one.ruling, one.rule)) out.insert(std::move(member));
  out["step"] = or_null(one.step);
  out["freed"] = one.step ? json::value(range_of(one.freed)) : json::value(nullptr);
  json::array findings;
  for (const auto& finding : one.findings) findings.push_back(finding_of(finding));
  out["findings"] = std::move(findings);
  return out;
}

json::value removal_of(const core::removal_record& one, core::image_store store) {
  const auto back = core::restorability_of(one, store);
  return json::object{{"id", one.id},
                      {"kind", core::to_string(one.kind)},
                      {"object_id", text_or_null(one.object_id)},
                      {"references", texts(one.references)},
                      {"digests", texts(one.digests)},
                      {"layers", texts(one.layers)},
                      {"platform", text_or_null(one.platform)},
                      {"origin", core::to_string(one.origin)},
                      {"reason", core::to_string(one.why)},
                      {"rule", text_or_null(one.rule)},
                      {"predicted_bytes", one.predicted.at_least},
                      {"predicted_bytes_at_most", one.predicted.at_most},
                      {"freed_bytes", or_null(one.freed)},
                      {"at", rfc3339(one.at)},
                      {"outcome", core::to_string(one.outcome)},
                      {"problem", text_or_null(one.problem)},
                      {"also", texts(one.also)},
                      {"archive", text_or_null(one.archive)},
                      {"restored_at", time_or_null(one.restored)},
                      {"restorable", back.can == core::restorable::maybe ? json::value(nullptr)
                                                                         : json::value(back.can == core::restorable::yes)},
                      {"why_not_restorable", text_or_null(back.why)}};
}

json::object sweep_of(const core::sweep_record& one) {
  return {{"id", one.id},
          {"engine_id", text_or_null(one.engine_id)},
          {"policy", text_or_null(one.policy)},
          {"trigger", core::to_string(one.trigger)},
          {"actor", text_or_null(one.actor)},
          {"cause", text_or_null(one.cause)},
          {"began_at", rfc3339(one.began)},
          {"ended_at", time_or_null(one.ended)},
          {"outcome", core::to_string(one.outcome)},
          {"problem", text_or_null(one.problem)},
          {"predicted_bytes", one.predicted.at_least},
          {"predicted_bytes_at_most", one.predicted.at_most},
          {"freed_bytes", or_null(one.freed)},
          {"disk_freed_bytes", or_null(one.disk_freed)},
          {"planned", one.planned},
          {"removed", one.removed},
          {"failed", one.failed}};
}

json::value pause_of(const std::optional<core::pause_state>& paused) {
  if (!paused) return nullptr;
  return json::object{{"since", rfc3339(paused->since)},
                      {"until", time_or_null(paused->until)},
                      {"reason", text_or_null(paused->reason)},
                      {"actor", text_or_null(paused->actor)}};
}

json::array removals_in(std::int64_t sweep_id, std::span<const core::removal_record> removals,
                        core::image_store store) {
  json::array out;
  for (const auto& one : removals) {
    if (one.sweep_id == sweep_id) out.push_back(removal_of(one, store));
  }
  return out;
}

}  // namespace

void write_text(const json_sink& out, std::string_view text) {
  out(json::serialize(text_or_null(text)));
}

void write_plan(const json_sink& out, const core::plan& what, const core::view& node) {
  const object_names names(node);
  write_member(out, R"({"policy":)", text_or_null(what.policy));
  write_member(out, R"(,"made_at":)", json::value(rfc3339(what.made_at)));
  write_member(out, R"(,"inventory_at":)", json::value(rfc3339(what.inventory_at)));
  write_member(out, R"(,"partial":)", what.partial);
  write_member(out, R"(,"goal":)", what.goals.empty() ? json::value(nullptr) : json::value(short_goal(what.goals[0])));
  out(R"(,"goals":)");
  write_array(out, what.goals, goal_of);
  out(R"(,"steps":)");
  write_array(out, what.steps, [&](const auto& step) { return step_of(what, step); });
  write_member(out, R"(,"goal_step":)", or_null(what.goal_step));
  write_member(out, R"(,"shortfall":)", or_null(what.shortfall));
  out(R"(,"blockers":)");
  write_array(out, what.blockers, blocker_of);
  out(R"(,"verdicts":)");
  write_array(out, what.verdicts, [&](const auto& one) { return verdict_of(what, one, names); });
  out("}");
}

void write_explanation(const json_sink& out, const image_explanation& what) {
  write_member(out, R"({"image":)", explained_image(what));
  out(R"(,"policies":)");
  write_array(out, what.policies, policy_of);
  out("}");
}

void write_sweep(const json_sink& out, const core::sweep_record& sweep, std::span<const core::removal_record> removals,
                 core::image_store store) {
  auto object = sweep_of(sweep);
  object["removals"] = removals_in(sweep.id, removals, store);
  out(json::serialize(object));
}

void write_history(const json_sink& out, std::span<const core::sweep_record> sweeps,
                   std::span<const core::removal_record> removals, const std::optional<core::pause_state>& paused,
                   core::image_store store) {
  out(R"({"sweeps":[)");
  bool first = true;
  for (const auto& sweep : sweeps) {
    if (!std::exchange(first, false)) out(",");
    write_sweep(out, sweep, removals, store);
  }
  write_member(out, R"(],"foreign":)", removals_in(0, removals, store));
  write_member(out, R"(,"paused":)", pause_of(paused));
  out("}");
}

}  // namespace docksweep::report
