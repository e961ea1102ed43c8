// Names, comparisons and contradictions of policies.
#include "core/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace docksweep::core {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// disk_free is the one quantity that is bad when it is small.
bool shrinks(quantity value) {
  return value == quantity::disk_free;
}

std::string print_value(const threshold& what) {
  switch (unit_of(what.what)) {
    case quantity_unit::bytes:
      return print_bytes(static_cast<byte_count>(what.value));
    case quantity_unit::count:
      return fmt::format("{}", std::llround(what.value));
    case quantity_unit::ratio:
      break;
  }
  return fmt::format("{}", what.value);
}

using faults = std::vector<policy_fault>;

void check_range(const threshold& what, const std::string& key, faults& out) {
  if (unit_of(what.what) != quantity_unit::ratio || (what.value > 0 && what.value < 1)) return;
  std::string hint;
  if (what.value >= 1 && what.value <= 100)
    hint = fmt::format("; did you mean {}?", what.value == 100 ? 0.99 : what.value / 100);
  out.push_back({key, fmt::format("{} is out of range: a ratio lies between 0 and 1{}", what.value, hint)});
}

void check_thresholds(const policy& which, faults& out) {
  for (const auto& trigger : which.when.quantities) check_range(trigger, "when." + when_key(trigger.what), out);
  for (const auto& goal : which.until) {
    const auto key = until_key(goal.what);
    check_range(goal, "until." + key, out);
    const auto trigger = std::ranges::find(which.when.quantities, goal.what, &threshold::what);
    if (trigger == which.when.quantities.end()) continue;
    const bool right = shrinks(goal.what) ? goal.value > trigger->value : goal.value < trigger->value;
    if (right) continue;
    out.push_back(
        {"until." + key, fmt::format("{} must be {} when.{} ({}), or the policy stops before it begins; it is {}", key,
                                     shrinks(goal.what) ? "above" : "below", when_key(goal.what), print_value(*trigger),
                                     print_value(goal))});
  }
}

void check_removal(const removal_rules& remove, faults& out) {
  if (!remove.images && !remove.containers && !remove.build_cache && !remove.volumes) {
    out.push_back({"remove", "remove names nothing: images, containers, build_cache or volumes"});
  }
  if (remove.volumes && !remove.volumes->anonymous && remove.volumes->names.empty()) {
    out.push_back(
        {"remove.volumes", "volumes needs anonymous = true or names: no volume is removed unless a policy says which"});
  }
  if (!remove.containers) return;
  for (const auto state : remove.containers->states) {
    if (!is_live(state)) continue;
    out.push_back(
        {"remove.containers.states",
         fmt::format("{} containers are never removed: exited, dead and created are allowed", to_string(state))});
  }
  if (remove.containers->states.empty()) {
    out.push_back({"remove.containers.states", "states is empty: exited, dead and created are allowed"});
  }
}

void check_bounds(const policy& which, faults& out) {
  const bool by_itself = !which.when.quantities.empty() || !which.when.alerts.empty();
  const bool bounded = !which.until.empty() || which.limits.images || which.limits.bytes;
  if (by_itself && !bounded && removes_more_than_dangling(which.remove)) {
    out.push_back({"remove",
                   "a policy that a quantity or an alert starts and that removes more than dangling images needs until "
                   "or limits"});
  }
  if (which.limits.images && *which.limits.images < 1)
    out.push_back({"limits.images", "0 allows nothing: leave the policy out instead"});
  if (which.limits.bytes && *which.limits.bytes < 1)
    out.push_back({"limits.bytes", "0B allows nothing: leave the policy out instead"});
}

void check_words_without_effect(const policy& which, faults& out) {
  if (which.when.hold != trigger_rules{}.hold && which.when.quantities.empty()) {
    out.push_back({"when.for", "for holds for quantities (disk_above and the like), and this policy has none"});
  }
  if (which.splay.count() > 0 && !which.when.schedule) {
    out.push_back({"splay", "splay spreads scheduled runs, and this policy has no when.schedule"});
  }
  if (!which.archive.empty() && !which.remove.images) {
    out.push_back({"archive", "archive saves images before they are removed, and this policy removes none"});
  }
}

}  // namespace

std::string_view to_string(mode value) {
  return value == mode::enforce ? "enforce" : "observe";
}

std::string_view to_string(quantity value) {
  switch (value) {
    case quantity::disk:
      return "disk";
    case quantity::inodes:
      return "inodes";
    case quantity::disk_free:
      return "disk_free";
    case quantity::images_bytes:
      return "images_bytes";
    case quantity::reclaimable:
      return "reclaimable";
    case quantity::images:
      return "images";
    case quantity::dangling:
      return "dangling";
    case quantity::exited:
      return "exited";
  }
  return "disk";
}

quantity_unit unit_of(quantity value) {
  switch (value) {
    case quantity::disk:
    case quantity::inodes:
      return quantity_unit::ratio;
    case quantity::disk_free:
    case quantity::images_bytes:
    case quantity::reclaimable:
      return quantity_unit::bytes;
    case quantity::images:
    case quantity::dangling:
    case quantity::exited:
      break;
  }
  return quantity_unit::count;
}

std::string when_key(quantity value) {
  return fmt::format("{}_{}", to_string(value), shrinks(value) ? "below" : "above");
}

std::string until_key(quantity value) {
  return fmt::format("{}_{}", to_string(value), shrinks(value) ? "above" : "below");
}

bool can_be_goal(quantity value) {
  return value != quantity::reclaimable && value != quantity::dangling && value != quantity::exited;
}

std::string_view to_string(image_order value) {
  switch (value) {
    case image_order::lru:
      return "lru";
    case image_order::oldest:
      return "oldest";
    case image_order::largest:
      break;
  }
  return "largest";
}

parsed<label_rule> label_rule::parse(std::string_view text) {
  const auto equals = text.find('=');
  if (text.empty() || equals == 0)
    return std::unexpected(text_fault{fmt::format("\"{}\" is no label: k or k=v", text), 0});
  if (equals == std::string_view::npos) return label_rule{.key = std::string(text), .value = std::nullopt};
  return label_rule{.key = std::string(text.substr(0, equals)), .value = std::string(text.substr(equals + 1))};
}

bool label_rule::matches(const label_list& labels) const {
  return std::ranges::any_of(
      labels, [&](const auto& label) { return label.first == key && (!value || label.second == *value); });
}

std::string label_rule::text() const {
  return value ? fmt::format("{}={}", key, *value) : key;
}

parsed<name_rule> name_rule::parse(std::string_view text) {
  const bool excluded = text.starts_with('!');
  auto pattern = glob::compile(text.substr(excluded ? 1 : 0));
  if (!pattern)
    return std::unexpected(text_fault{pattern.error().message, pattern.error().offset + (excluded ? 1 : 0)});
  return name_rule{.pattern = std::move(*pattern), .excluded = excluded};
}

std::string name_rule::text() const {
  return excluded ? "!" + pattern.text() : pattern.text();
}

bool fires(const threshold& trigger, double measured) {
  return shrinks(trigger.what) ? measured < trigger.value : measured > trigger.value;
}

bool met(const threshold& goal, double measured) {
  return shrinks(goal.what) ? measured > goal.value : measured < goal.value;
}

bool removes_more_than_dangling(const removal_rules& rules) {
  return rules.containers || rules.build_cache || rules.volumes || (rules.images && !rules.images->only_dangling);
}

bool in_window(const policy& which, instant now) {
  const auto holds = [&](const time_window& window) { return window.contains(now, which.when.zone); };
  if (std::ranges::any_of(which.never, holds)) return false;
  return which.windows.empty() || std::ranges::any_of(which.windows, holds);
}

std::vector<policy_fault> check(const policy& which) {
  faults out;
  if (which.name.empty()) {
    out.push_back({"name", "a policy needs a name"});
  } else if (!is_policy_name(which.name)) {
    out.push_back(
        {"name",
         fmt::format("\"{}\" is no policy name: 1 to 63 of A-Z a-z 0-9 _ . - that begin and end with a letter or "
                     "digit, because it becomes a metric label and part of a URL",
                     which.name)});
  }
  check_thresholds(which, out);
  check_removal(which.remove, out);
  check_bounds(which, out);
  check_words_without_effect(which, out);
  return out;
}

bool is_policy_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace docksweep::core
