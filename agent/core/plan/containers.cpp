#include "core/plan/containers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace docksweep::core {
namespace {

// A writable layer larger than this is likely somebody's data (POLICY: containers).
constexpr byte_count precious_bytes = 10 << 20;

bool has_label_under(const container& one, std::string_view prefix) {
  return std::ranges::any_of(one.labels, [&](const auto& label) { return label.first.starts_with(prefix); });
}

std::string selection_text(const std::optional<container_selection>& of) {
  if (!of) return "remove.containers is not set";
  std::vector<std::string> states;
  for (const auto state : of->states) states.emplace_back(to_string(state));
  auto text = fmt::format("remove.containers: states = [{}], stopped_for = {}", fmt::join(states, ", "),
                          print_duration(of->stopped_for));
  if (!of->names.empty()) {
    std::vector<std::string> names;
    for (const auto& one : of->names) names.push_back(fmt::format("\"{}\"", one.text()));
    text += fmt::format(", names = [{}]", fmt::join(names, ", "));
  }
  if (!of->labels.empty()) {
    std::vector<std::string> labels;
    for (const auto& one : of->labels) labels.push_back(fmt::format("\"{}\"", one.text()));
    text += fmt::format(", labels = [{}]", fmt::join(labels, ", "));
  }
  return text;
}

// Any name that a pattern takes, none that one excludes.
bool names_select(const std::vector<name_rule>& rules, const container& one) {
  const auto matched = [&](bool excluded) {
    return std::ranges::any_of(rules, [&](const auto& rule) {
      return rule.excluded == excluded &&
             std::ranges::any_of(one.names, [&](const auto& name) { return rule.pattern.matches(name); });
    });
  };
  const bool any_may_go = std::ranges::all_of(rules, &name_rule::excluded);
  return (any_may_go || matched(false)) && !matched(true);
}

}  // namespace

bool selects_by_name(const container_selection& selection) {
  return !std::ranges::all_of(selection.names, &name_rule::excluded);
}

container_judge::container_judge(const node_picture& picture, const policy& which, rule_book& rules, instant now)
    : node_(picture.node.what()),
      details_(picture.stopped),
      keep_(which.keep),
      selection_(which.remove.containers),
      rules_(rules),
      now_(now),
      selecting_rule_(rules.number(selection_text(which.remove.containers))) {
  if (!node_.disk) return;
  for (const auto& [id, bytes] : node_.disk->container_writable_bytes) measured_bytes_.emplace(id, bytes);
}

const container_details* container_judge::details_of(const container& one) const {
  const auto found = details_.find(one.id);
  return found == details_.end() ? nullptr : &found->second;
}

std::optional<ruling> container_judge::refuses(std::size_t index) const {
  const auto& one = node_.containers[index];
  const auto in_use = [&](container_state state) {
    return because(reason::in_use, fmt::format("the container is {}", to_string(state)));
  };
  if (is_live(one.state)) return in_use(one.state);
  const auto* more = details_of(one);
  // The inspect may be newer than the listing: the state that protects more counts.
  if (more && is_live(more->state)) return in_use(more->state);
  if (!more) return because(reason::unreadable, "the container's inspect could not be read");
  if (auto held = kept(one)) return held;
  return not_selected(one, *more);
}

std::optional<ruling> container_judge::kept(const container& one) const {
  for (const auto& rule : keep_.labels) {
    if (rule.matches(one.labels)) return because(reason::label, "keep.labels = " + rule.text());
  }
  for (const auto& rule : keep_.containers) {
    if (std::ranges::any_of(one.names, [&](const auto& name) { return rule.matches(name); })) {
      return because(reason::container, "keep.containers = " + rule.text());
    }
  }
  return std::nullopt;
}

std::optional<ruling> container_judge::not_selected(const container& one, const container_details& more) const {
  const auto refused = [&](std::string text) { return because(reason::not_selected, std::move(text)); };
  if (!selection_) return refused("remove.containers is not set");
  if (std::ranges::find(selection_->states, one.state) == selection_->states.end()) {
    return refused(fmt::format("remove.containers.states has no {}", to_string(one.state)));
  }
  if (!names_select(selection_->names, one)) return refused("remove.containers.names");
  if (!selection_->labels.empty() &&
      std::ranges::none_of(selection_->labels, [&](const auto& rule) { return rule.matches(one.labels); })) {
    return refused("remove.containers.labels");
  }
  if (!selects_by_name(*selection_) && selection_->labels.empty()) {
    if (auto why = shielded(one, more)) return why;
  }
  const auto over = stood_still_since(one, more) + selection_->stopped_for;
  if (over <= now_) return std::nullopt;
  auto later = refused("remove.containers.stopped_for = " + print_duration(selection_->stopped_for));
  later.until = over;
  return later;
}

// What somebody else looks after, or wants back: taken only where names or labels say so.
std::optional<ruling> container_judge::shielded(const container& one, const container_details& more) const {
  const auto refused = [&](std::string_view what) {
    return because(reason::not_selected,
                   fmt::format("remove.containers: {}, and neither names nor labels select it", what));
  };
  if (has_label_under(one, "io.kubernetes.") ||
      std::ranges::any_of(one.names, [](const auto& name) { return name.starts_with("k8s_"); })) {
    return refused("a container of Kubernetes");
  }
  if (has_label_under(one, "com.docker.swarm.")) return refused("a container of Swarm");
  if (!more.restart_policy.empty() && more.restart_policy != "no") {
    return refused("restart policy " + more.restart_policy);
  }
  if (writable_bytes(one).value_or(0) > precious_bytes) return refused("a writable layer over 10MiB");
  return std::nullopt;
}

std::optional<byte_count> container_judge::writable_bytes(const container& one) const {
  const auto* more = details_of(one);
  if (more && more->writable_bytes) return more->writable_bytes;
  if (const auto found = measured_bytes_.find(one.id); found != measured_bytes_.end()) return found->second;
  return one.writable_bytes;
}

// A container that never ran stands still since it was made; one without any date since now.
instant container_judge::stood_still_since(const container& one, const container_details& more) const {
  return std::min(now_, more.finished_at.value_or(one.created.value_or(now_)));
}

container_candidate container_judge::candidate(std::size_t index) const {
  const auto& one = node_.containers[index];
  const auto bytes = std::max<byte_count>(0, writable_bytes(one).value_or(0));
  return {.container = static_cast<std::uint32_t>(index),
          .stood_still_since = stood_still_since(one, *details_of(one)),
          .bytes = {bytes, bytes},
          .rule = selecting_rule_};
}

}  // namespace docksweep::core
