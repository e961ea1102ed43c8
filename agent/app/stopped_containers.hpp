// What only an inspect tells about containers that stand still (when they ended, whether they start again, how much
// they have written), read once for each as long as it stands still.
#pragma once

#include "app/remover.hpp"
#include "core/plan.hpp"
#include "core/view.hpp"

namespace docksweep::app {

class stopped_containers {
 public:
  explicit stopped_containers(remover& engine) : engine_(engine) {}

  // Reads what is lacking for the created, exited and dead containers of this view, a few at a time, and drops the
  // others. One that cannot be read stays absent (the planner then keeps it as unreadable); returns how many those are.
  task<int> read(const core::view& node);
  // A container event named it: read it again next time.
  void forget(const std::string& id);

  const core::container_details_by_id& known() const { return known_; }

 private:
  remover& engine_;
  core::container_details_by_id known_;
};

}  // namespace docksweep::app
