// The engine's health, from what the calls said: it answers /version, lists one object, and its last full listing
// succeeded (METRICS.md, docksweep_engine_up). No calls in here, and no clock.
#pragma once

#include <string>

#include "core/failure.hpp"

namespace docksweep::app {

// What the agent knows about the engine's health, for metrics and /-/ready.
struct engine_health {
  bool up = false;       // it is there, answers more than pings, and the last listing succeeded
  bool absent = true;    // no engine was ever found
  bool waiting = false;  // not up only because the first full listing is still to come
  std::string problem;   // why it is not up, for people; empty when up
  bool operator==(const engine_health&) const = default;
};

class pulse {
 public:
  pulse();

  void found_before();  // an earlier run found an engine here: it is not absent, whatever happens now

  // Each returns whether the health changed. A failure that says `cancelled` is ours and changes nothing.
  bool identified(const core::result<void>& outcome);  // somebody answered at all
  bool answered(const core::result<void>& outcome);    // /version
  bool listed_one(const core::result<void>& outcome);  // a listing of one object
  bool listed(const core::result<void>& outcome);      // the full listing
  bool another_engine();                               // nothing is known of this one yet

  const engine_health& health() const { return health_; }

 private:
  bool learn(std::string& problem, const core::result<void>& outcome);
  bool weigh();

  std::string there_, answers_, lists_one_, lists_;  // problems; empty: fine
  bool found_ = false;
  engine_health health_;
};

}  // namespace docksweep::app
