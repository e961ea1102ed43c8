// Asks Alertmanager, again and again, which alerts about this node fire: one question for each policy that an alert
// starts. An outage changes nothing: what waited waits, and nothing else starts.
#pragma once

#include <chrono>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/alert_source.hpp"
#include "app/alert_telemetry.hpp"

namespace docksweep::app {

struct alert_question {
  std::string policy;
  std::vector<core::label_matcher> filters;  // the policy's, and those of the node
};

class alert_poll {
 public:
  struct parts {
    alert_source& source;
    alert_telemetry& counts;
    std::function<std::vector<alert_question>()> questions;  // asked at each poll: a reload changes them
    std::function<task<core::result<void>>(std::string policy, std::vector<core::alert> active)> on_answer;
  };
  alert_poll(parts with, std::chrono::milliseconds interval, unsigned seed = std::random_device{}())
      : with_(std::move(with)), interval_(interval), random_(seed) {}

  // Until cancelled. A fleet that starts at once does not knock at once: the first poll comes within one interval, and
  // each pause is between 0.9 and 1.1 of it.
  task<void> run();

 private:
  using occurrence = std::pair<std::string, core::instant>;  // fingerprint and start

  task<void> poll();

  parts with_;
  std::chrono::milliseconds interval_;
  std::minstd_rand random_;
  std::set<occurrence> seen_;  // in the last poll that was answered
};

}  // namespace docksweep::app
