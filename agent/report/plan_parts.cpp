// Small readings of a plan.
#include "report/plan_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/human.hpp"

namespace docksweep::report {

object_names::object_names(const core::view& node) : node_(node) {
  const auto& what = node.what();
  for (std::size_t i = 0; i < what.images.size(); ++i) images_.emplace(what.images[i].id, i);
  for (std::size_t i = 0; i < what.containers.size(); ++i) containers_.emplace(what.containers[i].id, i);
}

std::vector<std::string> object_names::of(core::target_kind kind, std::string_view id) const {
  switch (kind) {
    case core::target_kind::image:
      if (const auto found = images_.find(id); found != images_.end()) {
        const auto& image = node_.what().images[found->second];
        return image.tags.empty() ? image.digests : image.tags;
      }
      return {};
    case core::target_kind::container:
      if (const auto found = containers_.find(id); found != containers_.end())
        return node_.what().containers[found->second].names;
      return {};
    case core::target_kind::volume:
      return {std::string(id)};
    case core::target_kind::build_cache:
      break;
  }
  return {};
}

std::string shown_name(const std::vector<std::string>& names, const std::string& id) {
  if (names.empty()) return short_id(id);
  auto name = names.front();
  constexpr std::string_view digest_mark = "@sha256:";
  if (const auto at = name.find(digest_mark); at != std::string::npos)
    name = name.substr(0, at + 1) + name.substr(at + digest_mark.size(), 12);
  return names.size() == 1 ? name : fmt::format("{} +{}", name, names.size() - 1);
}

bool falls_short(const core::plan& what) {
  if (what.goals.empty() || what.goal_step) return false;
  if (what.shortfall.value_or(0) > 0) return true;
  return std::ranges::any_of(what.goals, [&what](const core::plan_goal& goal) {
    const auto left = goal.now - static_cast<double>(what.images());
    return goal.what == core::quantity::images && !core::met({goal.what, goal.target}, left);
  });
}

std::vector<kept_count> count_kept(const core::plan& what) {
  std::vector<kept_count> all;
  for (const auto why : core::all_reasons) all.push_back({.why = why});
  for (const auto& verdict : what.verdicts) {
    if (verdict.action != core::verdict_action::keep) continue;
    auto& count = *std::ranges::find(all, verdict.why, &kept_count::why);
    if (verdict.kind == core::target_kind::image) {
      ++count.images;
    } else if (verdict.kind == core::target_kind::container) {
      ++count.containers;
    } else {
      ++count.others;
    }
  }
  std::erase_if(all, [](const auto& one) { return one.images + one.containers + one.others == 0; });
  return all;
}

std::string_view meaning(core::reason why) {
  switch (why) {
    case core::reason::in_use:
      return "held by a container, or running itself";
    case core::reason::unreadable:
      return "not everything about it could be read, so it counts as needed";
    case core::reason::label:
      return "a label keeps it";
    case core::reason::reference:
      return "its name is one to keep";
    case core::reason::regex:
      return "its name matches the pattern to keep";
    case core::reason::container:
      return "its container's name or kind is one to keep";
    case core::reason::per_repository:
      return "among the newest of its repository";
    case core::reason::digest_only:
      return "known by digest alone";
    case core::reason::local_only:
      return "no registry is known to have it";
    case core::reason::min_age:
      return "too new here, or used too recently";
    case core::reason::not_selected:
      return "not what the policy removes";
    case core::reason::frees_nothing:
      return "its removal would free nothing";
    case core::reason::limit:
      return "beyond the limit of one run";
    case core::reason::goal_reached:
      return "not needed to reach the goal";
    case core::reason::selected:
      return "to be removed";
  }
  return {};
}

}  // namespace docksweep::report
