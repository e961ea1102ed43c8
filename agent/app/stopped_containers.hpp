// What only an inspect tells about containers that stand still (when they ended, whether they start again, how much
// they have written), read once for each as long as it stands still.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "app/remover.hpp"
#include "core/plan.hpp"
#include "core/view.hpp"

namespace docksweep::app {

class stopped_containers {
 public:
  explicit stopped_containers(remover& engine) : engine_(engine) {}

  // Reads what is lacking for the created, exited and dead containers of this view, four at a time, and drops the
  // others. What is known stays until the listing shows the container in another state or made of another image, or
  // forget() names it. One that cannot be read, or that runs by now, stays absent (the planner then keeps it as
  // unreadable) and is tried again next time; returns how many could not be read. After three failures in a row that
  // are the engine's as a whole, the rest is left for next time. One read at a time.
  task<int> read(const core::view& node);
  // A container event named it: read it again next time. During a read, too: an answer that is under way is dropped.
  void forget(const std::string& id);

  const core::container_details_by_id& known() const { return known_; }

 private:
  struct reading;
  struct listed {
    core::container_state state;
    std::string image_id;
    bool operator==(const listed&) const = default;
  };

  task<void> read_in_turn(reading* all);
  task<void> read_side_by_side(reading* all, std::size_t readers);

  remover& engine_;
  core::container_details_by_id known_;
  std::unordered_map<std::string, listed> listed_;  // beside known_: how the listing showed it then
  std::unordered_set<std::string> under_way_;
};

}  // namespace docksweep::app
