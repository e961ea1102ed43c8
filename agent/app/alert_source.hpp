// The port to Alertmanager, asked by this node. alertmanager/ implements it.
#pragma once

#include <vector>

#include "app/engine.hpp"
#include "core/alert.hpp"
#include "core/matcher.hpp"

namespace docksweep::app {

class alert_source {
 public:
  virtual ~alert_source() = default;
  // What fires now, is neither silenced nor inhibited, and satisfies all of these; what several Alertmanagers tell of
  // is one. Has a deadline. Fails where none of them has answered.
  virtual task<core::result<std::vector<core::alert>>> active_alerts(std::vector<core::label_matcher> filters) = 0;
};

}  // namespace docksweep::app
