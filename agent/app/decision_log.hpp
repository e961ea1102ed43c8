// One log line for each decision of a sweep, with stable fields: sweep_id, policy, trigger, actor, engine_id, image_id
// (container_id, volume), reference, digest, reason, rule, predicted_bytes, freed_bytes, outcome.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "app/log.hpp"
#include "core/history.hpp"
#include "core/plan.hpp"

namespace docksweep::app {

class decision_log {
 public:
  // The record is read with every line: it outlives the log.
  decision_log(log_sink& out, const core::sweep_record& sweep) : out_(out), sweep_(sweep) {}

  // "plan": what is to go, and how many objects stay, by reason. What stays has no line each: there may be 100,000.
  void planned(const core::plan& plan, bool enforce);
  // "removal": what became of one step. `outcome` is the record's, or "observed".
  void removal(const core::removal_record& record, std::string_view outcome);
  // "sweep": what it came to.
  void ended(std::chrono::nanoseconds took);
  // Any other event of this sweep.
  void note(log_level level, std::string_view event, std::string why);

 private:
  std::vector<log_field> common() const;
  log_sink& out_;
  const core::sweep_record& sweep_;
};

}  // namespace docksweep::app
