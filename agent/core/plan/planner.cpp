#include "core/plan/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace docksweep::core {

planner::planner(const node_picture& picture, const policy& which, instant now)
    : picture_(picture),
      which_(which),
      now_(now),
      node_(picture.node.what()),
      holders_(picture.node),
      goals_(picture, which) {
  uses_.reserve(node_.images.size());
  for (const auto& one : node_.images) uses_.push_back(use_times_of(picture_.usage.images, one.id, now_));
}

plan planner::run() {
  take_containers();
  take_build_cache();
  judge_images();
  take_images();
  take_volumes();
  give_back();

  plan made{.policy = which_.name, .made_at = now_, .inventory_at = node_.complete_at, .goals = goals_.goals()};
  made.partial = node_.unreadable > 0;
  add_container_steps(made);
  add_image_steps(made);
  add_volume_steps(made);
  judge_against_goals(made);
  name_holders();
  add_verdicts(made);
  keep_used_rules(made);
  return made;
}

bool planner::fits(const plan_tally& with) const {
  return !(which_.limits.images && with.image_steps > *which_.limits.images) &&
         !(which_.limits.bytes && with.all().at_most > *which_.limits.bytes);
}

ruling planner::limit_ruling(const plan_tally& with) {
  const bool by_count = which_.limits.images && with.image_steps > *which_.limits.images;
  return {.why = reason::limit,
          .rule = rules_.number(by_count ? fmt::format("limits.images = {}", *which_.limits.images)
                                         : "limits.bytes = " + print_bytes(which_.limits.bytes.value_or(0)))};
}

void planner::take_containers() {
  const container_judge judge(picture_, which_, rules_, now_);
  std::vector<container_candidate> candidates;
  for (std::size_t i = 0; i < node_.containers.size(); ++i) {
    const auto kept = judge.refuses(i);
    if (!kept) candidates.push_back(judge.candidate(i));
    container_rulings_.push_back(kept ? *kept : ruling{.why = reason::selected, .rule = candidates.back().rule});
  }
  // Longest still first; containers are sorted by ID.
  std::ranges::sort(candidates, [](const auto& one, const auto& other) {
    return std::tie(one.stood_still_since, one.container) < std::tie(other.stood_still_since, other.container);
  });
  for (const auto& one : candidates) {
    auto with = tally_;
    with.containers += one.bytes;
    if (goals_.reached(tally_)) {
      container_rulings_[one.container] = goal_ruling();
    } else if (!fits(with)) {
      container_rulings_[one.container] = limit_ruling(with);
    } else {
      tally_ = with;
      containers_.push_back(one);
    }
  }
}

// The engine chooses the records: how many bytes go at most is arithmetic, how many go at least nobody knows. So it
// stays in a plan whose images would do alone: it comes before them, and the goal is measured after it.
void planner::take_build_cache() {
  if (!which_.remove.build_cache || !node_.disk || goals_.reached(tally_)) return;
  const auto total = node_.disk->build_cache_bytes.value_or(0);
  auto most = std::min(total - which_.remove.build_cache->over, node_.disk->build_cache_reclaimable_bytes);
  auto keep = which_.remove.build_cache->over;
  if (which_.limits.bytes) {
    const auto allowed = *which_.limits.bytes - tally_.all().at_most;
    most = std::min(most, allowed);
    keep = std::max(keep, total - allowed);
  }
  if (most <= 0) return;
  tally_.build_cache = {0, most};
  build_cache_ = plan_step{.kind = target_kind::build_cache, .freed = tally_.build_cache, .keep_bytes = keep};
  build_cache_->rule = rules_.number("remove.build_cache.over = " + print_bytes(which_.remove.build_cache->over));
}

void planner::take_volumes() {
  for (auto& one : volume_candidates(picture_, which_, rules_, now_)) {
    auto with = tally_;
    with.volumes += {one.bytes, one.bytes};
    if (goals_.reached(tally_)) return;
    if (!fits(with)) continue;
    tally_ = with;
    volumes_.push_back(std::move(one));
  }
}

}  // namespace docksweep::core
