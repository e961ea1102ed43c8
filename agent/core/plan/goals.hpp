// What `until` asks for, as it stands now, and whether what a plan frees would reach it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/plan.hpp"

namespace docksweep::core {

// What the steps of a plan come to, by what goals count.
struct plan_tally {
  byte_range containers, build_cache, images, volumes;
  std::int64_t image_steps = 0;

  byte_range all() const {
    auto sum = containers;
    sum += build_cache;
    sum += images;
    sum += volumes;
    return sum;
  }
};

class goal_list {
 public:
  goal_list(const node_picture& picture, const policy& which);

  const std::vector<plan_goal>& goals() const { return goals_; }
  bool none() const { return goals_.empty(); }
  // All conditions hold, now or by what these steps free at least. Never true without goals.
  bool reached(const plan_tally& freed) const;
  bool met_now() const { return reached({}); }
  // Every condition that is not met yet is a matter of bytes: then what frees none is no use.
  bool only_bytes_lack() const;
  // Bytes that still lack; nullopt: no condition is a matter of bytes.
  std::optional<byte_count> shortfall(const plan_tally& freed) const;
  // "until.disk_below = 0.7", of the first that is not met.
  std::string rule() const;

 private:
  std::vector<plan_goal> goals_;
};

}  // namespace docksweep::core
