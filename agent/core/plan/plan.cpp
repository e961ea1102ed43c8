// Entry points of the planner, and the words of its enumerations.
#include "core/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/plan/keeping.hpp"
#include "core/plan/planner.hpp"

namespace docksweep::core {

std::string_view to_string(target_kind kind) {
  switch (kind) {
    case target_kind::container:
      return "container";
    case target_kind::build_cache:
      return "build_cache";
    case target_kind::image:
      return "image";
    case target_kind::volume:
      break;
  }
  return "volume";
}

std::string_view to_string(verdict_action action) {
  return action == verdict_action::remove ? "remove" : "keep";
}

std::string to_string(const safeguards& first, std::string_view archive) {
  if (!first.any()) return {};
  if (!first.ask_registry) return fmt::format("saved to {} first", archive);
  if (!first.archive) return "a registry is asked for it first";
  return fmt::format("a registry is asked for it first, and saved to {} where none has it", archive);
}

std::string_view to_string(reason why) {
  switch (why) {
    case reason::in_use:
      return "in_use";
    case reason::unreadable:
      return "unreadable";
    case reason::label:
      return "label";
    case reason::reference:
      return "reference";
    case reason::regex:
      return "regex";
    case reason::container:
      return "container";
    case reason::per_repository:
      return "per_repository";
    case reason::digest_only:
      return "digest_only";
    case reason::local_only:
      return "local_only";
    case reason::min_age:
      return "min_age";
    case reason::not_selected:
      return "not_selected";
    case reason::frees_nothing:
      return "frees_nothing";
    case reason::limit:
      return "limit";
    case reason::goal_reached:
      return "goal_reached";
    case reason::selected:
      break;
  }
  return "selected";
}

std::int64_t plan::images() const {
  return std::ranges::count(steps, target_kind::image, &plan_step::kind);
}

plan make_plan(const node_picture& picture, const policy& which, instant now) {
  return planner(picture, which, now).run();
}

policy everything_unused(const keep_rules& keep) {
  policy all;
  all.remove.images.emplace();
  all.keep = keep;
  return all;
}

std::vector<std::optional<reason>> protections(const node_picture& picture, const keep_rules& keep, instant now) {
  const auto& images = picture.node.what().images;
  const auto& states = picture.node.states();
  std::vector<use_times> uses;
  uses.reserve(images.size());
  for (const auto& one : images) uses.push_back(use_times_of(picture.usage.images, one.id, now));
  const image_holders holders(picture.node);
  rule_book rules;
  const image_keeper keeper(picture, keep, false, uses, holders, rules, now);
  std::vector<std::optional<reason>> found(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    // Nothing removes what is in use, or an intermediate image itself: no rule is needed.
    if (states[i] == image_state::in_use || states[i] == image_state::intermediate) continue;
    if (const auto held = keeper.first(i)) found[i] = held->why;
  }
  return found;
}

}  // namespace docksweep::core
