// Three policies as a node may have them, and where they stand: a threshold, a schedule, one that runs by hand.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/history.hpp"
#include "report/policy_metrics.hpp"
#include "report/sample_node.hpp"

namespace docksweep::report::testing {

class sample_policies {
 public:
  sample_policies() {
    all_.resize(3);
    all_[0].name = "pressure";
    all_[0].when.quantities = {{core::quantity::disk, 0.85}, {core::quantity::disk_free, 2e9}};
    all_[0].until = {{core::quantity::disk, 0.70}};
    all_[1].name = "nightly";
    all_[1].when.schedule = *core::cron::parse("0 2 * * *");
    all_[2].name = "by-hand";
    auto plan = std::make_shared<core::plan>();
    plan->steps.push_back({.kind = core::target_kind::container, .freed = {40, 40}, .cumulative = {40, 40}});
    plan->steps.push_back({.kind = core::target_kind::image, .freed = {960, 1200}, .cumulative = {1000, 1240}});
    plan->shortfall = 77;
    plan_ = std::move(plan);
  }

  std::vector<policy_figures> figures() const {
    std::vector<policy_figures> all(3);
    for (std::size_t i = 0; i < 3; ++i) all[i].policy = &all_[i];
    all[0].values = {{core::quantity::disk, 0.9}, {core::quantity::disk_free, 1e9}};
    all[0].plan = plan_;
    all[0].last_success = sample_now();
    all[1].next_run = sample_now() + std::chrono::hours(14);
    return all;
  }
  std::vector<std::string> names() const { return {"pressure", "nightly", "by-hand"}; }
  core::sweep_record sweep(core::sweep_outcome outcome = core::sweep_outcome::reached) const {
    core::sweep_record record;
    record.policy = "pressure";
    record.trigger = core::sweep_trigger::threshold;
    record.outcome = outcome;
    return record;
  }

 private:
  std::vector<core::policy> all_;
  std::shared_ptr<const core::plan> plan_;
};

}  // namespace docksweep::report::testing
