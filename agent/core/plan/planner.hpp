// Makes one plan, in the order of a run: containers, build cache, images, volumes; then gives back what the goal does
// not need. Used once; everything that it is given outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/plan/containers.hpp"
#include "core/plan/goals.hpp"
#include "core/plan/holders.hpp"
#include "core/plan/keeping.hpp"
#include "core/plan/ruling.hpp"
#include "core/plan/use_times.hpp"
#include "core/plan/volumes.hpp"
#include "core/removal_simulation.hpp"

namespace docksweep::core {

class planner {
 public:
  planner(const node_picture& picture, const policy& which, instant now);
  plan run();

 private:
  // planner.cpp: what goes before and after the images
  void take_containers();
  void take_build_cache();
  void take_volumes();
  bool fits(const plan_tally& with) const;
  ruling limit_ruling(const plan_tally& with);

  // planner_images.cpp
  void judge_images();
  std::optional<ruling> keeps_image(std::size_t image) const;
  void take_images();
  void leave_out_useless();
  void take_image(std::uint32_t image);
  void leave_waiting();
  void count_images();

  // planner_return.cpp: what the goal does not need
  void give_back();
  void give_back_volumes();
  void give_back_images();
  void give_back_containers();
  bool give_back_container(const container_candidate& one);

  // planner_result.cpp
  void add_container_steps(plan& made) const;
  void add_image_steps(plan& made);
  void add_volume_steps(plan& made) const;
  void judge_against_goals(plan& made);
  void add_blockers(plan& made);
  void name_holders();
  void add_verdicts(plan& made) const;
  void keep_used_rules(plan& made) const;
  plan_step& add_step(plan& made, target_kind kind, byte_range freed) const;

  bool untags() const { return which_.remove.images && which_.remove.images->untag; }
  ruling goal_ruling() { return {.why = reason::goal_reached, .rule = rules_.number(goals_.rule())}; }

  const node_picture& picture_;
  const policy& which_;
  const instant now_;
  const inventory& node_;
  rule_book rules_;
  const image_holders holders_;
  const goal_list goals_;
  std::vector<use_times> uses_;  // beside images
  plan_tally tally_;

  std::vector<ruling> container_rulings_;        // beside containers
  std::vector<container_candidate> containers_;  // that go, in order
  std::optional<plan_step> build_cache_;
  std::vector<image_state> states_;    // of images, once these containers are gone
  std::optional<image_keeper> keeper_;
  std::vector<ruling> image_rulings_;  // beside images
  std::vector<std::uint32_t> images_;  // candidates in the policy's order; those that go are chosen in the simulation
  std::optional<removal_simulation> simulation_;
  std::vector<volume_candidate> volumes_;  // that go, in order
};

}  // namespace docksweep::core
