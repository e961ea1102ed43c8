// Gives back what the goal does not need: each target without which it is still reached, most recently used first.
// The kinds in reverse order of a run, because a container that goes may have set an image free.
#include <algorithm>

#include "core/plan/planner.hpp"

namespace docksweep::core {

void planner::give_back() {
  if (!goals_.reached(tally_)) return;
  give_back_volumes();
  give_back_images();
  give_back_containers();
}

void planner::give_back_volumes() {
  for (auto i = volumes_.size(); i-- > 0;) {
    auto without = tally_;
    without.volumes += {-volumes_[i].bytes, -volumes_[i].bytes};
    if (!goals_.reached(without)) continue;
    tally_ = without;
    volumes_.erase(volumes_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void planner::give_back_images() {
  std::vector<std::uint32_t> newest_first;
  for (const auto one : images_) {
    if (simulation_->chosen(one)) newest_first.push_back(one);
  }
  std::ranges::sort(newest_first, [this](auto one, auto other) {
    return uses_[one].used != uses_[other].used ? uses_[one].used > uses_[other].used : one < other;
  });
  const auto not_needed = goal_ruling();
  for (const auto one : newest_first) {
    simulation_->drop(one);
    count_images();
    if (goals_.reached(tally_)) {
      image_rulings_[one] = not_needed;
    } else {
      simulation_->add(one);
    }
  }
  count_images();
  leave_waiting();
}

void planner::give_back_containers() {
  bool changed = false;
  for (auto i = containers_.size(); i-- > 0;) {
    if (!give_back_container(containers_[i])) continue;
    container_rulings_[containers_[i].container] = goal_ruling();
    containers_.erase(containers_.begin() + static_cast<std::ptrdiff_t>(i));
    changed = true;
  }
  if (!changed) return;
  // What they hold is in use after all.
  for (std::uint32_t c = 0; c < container_rulings_.size(); ++c) {
    if (container_rulings_[c].why == reason::selected) continue;
    for (const auto image : holders_.held_by(c)) image_rulings_[image] = {.why = reason::in_use};
  }
}

// Each image of the plan is needed by now, and so is the container that holds one. But what it holds may also be an
// untagged ancestor, of which the goal has no need.
bool planner::give_back_container(const container_candidate& one) {
  const auto held = holders_.held_by(one.container);
  if (std::ranges::any_of(held, [this](auto image) { return simulation_->chosen(image); })) return false;
  std::vector<std::uint32_t> along;
  for (const auto image : held) {
    if (simulation_->gone(image)) along.push_back(image);
  }
  const auto before = tally_;
  for (const auto image : along) simulation_->hold(image);
  count_images();
  tally_.containers += {-one.bytes.at_least, -one.bytes.at_most};
  if (goals_.reached(tally_)) {
    leave_waiting();
    return true;
  }
  for (const auto image : along) simulation_->release(image);
  tally_ = before;
  return false;
}

}  // namespace docksweep::core
