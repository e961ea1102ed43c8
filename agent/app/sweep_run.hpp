// One sweep from its record to its end: the list in its order, the goal measured after each removal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/decision_log.hpp"
#include "app/goal_watch.hpp"
#include "app/removal.hpp"
#include "app/removal_records.hpp"

namespace docksweep::app {

class sweep_run {
 public:
  // Reads what the request only refers to (usage, stopped). References outlive the run.
  sweep_run(removal_parts with, sweep_request request, sweep_observer observer);

  // Measures the goal and puts everything on record. A refusal: nothing was recorded, nothing removed.
  task<std::optional<sweep_refusal>> begin();
  // Works the list off until its end, the goal, or something that ends the sweep.
  task<void> work_off();
  // Writes down what it came to.
  task<core::sweep_record> finish();

 private:
  task<void> work_on(std::size_t step);
  task<void> measure();
  known_container container_of(const core::plan_step& step) const;
  bool kept_for_child(std::size_t step);
  bool used_by_others(std::size_t step) const;
  void account(std::size_t step, const step_removal& removal);
  void count_image(std::size_t step, bool object_gone);
  core::byte_count surely_freed(std::size_t step) const;
  void tell_progress(std::size_t step);
  task<void> judge();
  task<void> save_shadows();
  void end(core::sweep_outcome outcome, std::string problem);

  removal_parts with_;
  sweep_request request_;
  std::vector<std::string> engine_paths_;
  sweep_observer observer_;
  core::sweep_record sweep_;
  std::vector<core::removal_record> removals_;
  std::vector<known_container> containers_;  // beside the steps
  removed_containers removed_containers_;
  image_family family_;
  goal_watch goal_;
  decision_log log_;
  std::chrono::steady_clock::time_point began_;
  std::optional<sweep_end> end_;
  bool met_ = false;
  bool all_images_went_ = true;  // so far: then what the plan frees at least is sure
  bool knows_bytes_ = true;      // of every removal so far
  core::byte_count known_bytes_ = 0;
  core::byte_count sure_bytes_ = 0;
  std::vector<std::size_t> observed_;
};

}  // namespace docksweep::app
