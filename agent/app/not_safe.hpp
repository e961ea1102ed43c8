// Images that could lately not be made safe before a removal: no registry has them any more, or there is no room to save
// them. Plans leave them out for some hours, so that what can go is not forever behind what cannot. One thread only.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "core/history.hpp"
#include "core/plan.hpp"

namespace docksweep::app {

class not_safe_images {
 public:
  using moment = std::chrono::nanoseconds;  // boot clock

  // Whether this record of a removal says so of an image.
  void note(const core::removal_record& removal, moment now) {
    const bool not_safe = removal.kind == core::target_kind::image && removal.outcome == core::removal_outcome::kept &&
                          removal.why == core::reason::local_only;
    if (not_safe && ids_.insert(removal.object_id).second) since_[removal.object_id] = now;
  }
  // What was found so long ago may be different now: it is tried again.
  void forget_old(moment now) {
    std::erase_if(since_, [&](const auto& one) { return now - one.second >= counts_for && ids_.erase(one.first) > 0; });
  }
  const core::image_ids& ids() const { return ids_; }

 private:
  static constexpr std::chrono::hours counts_for{6};

  core::image_ids ids_;
  std::unordered_map<std::string, moment> since_;
};

}  // namespace docksweep::app
