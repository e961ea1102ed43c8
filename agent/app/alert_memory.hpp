// The port to the record of alerts: which occurrence has started which policy. store/ implements it in the same SQLite
// file as app/history.hpp. Two processes that share it agree on each: what one has put there or taken, the other has
// not.
#pragma once

#include <string>
#include <vector>

#include "app/engine.hpp"
#include "core/alert.hpp"

namespace docksweep::app {

// So many are loaded, those heard of last: far more than fire at once.
inline constexpr std::size_t alerts_loaded_at_most = 10'000;

class alert_memory {
 public:
  virtual ~alert_memory() = default;

  virtual task<core::result<std::vector<core::alert_record>>> load_alerts(std::string engine_id) = 0;
  // Puts those on record whose key is not there. True for each that this very call put there; on the disk by then.
  virtual task<core::result<std::vector<bool>>> add_alerts(std::string engine_id,
                                                           std::vector<core::alert_record> alerts) = 0;
  // Moves those that are in state `from` to `to`. True for each that this very call moved; on the disk by then.
  virtual task<core::result<std::vector<bool>>> move_alerts(std::string engine_id, std::vector<core::alert_key> which,
                                                            core::alert_state from, core::alert_state to) = 0;
  // They were told of again.
  virtual task<core::result<void>> hear_alerts(std::string engine_id, std::vector<core::alert_key> which,
                                               core::instant when) = 0;
  // Those of every engine that nobody has told of since.
  virtual task<core::result<void>> forget_alerts_before(core::instant when) = 0;
};

}  // namespace docksweep::app
