// Where the goal of a sweep stands: file systems are measured, images and their bytes are counted down by what went.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/sweep_brake.hpp"

namespace docksweep::app {

class goal_watch {
 public:
  // `paths`: file systems whose free space is compared, beside those of the goals.
  goal_watch(disks& file_systems, sweep_brake& brake, const sweeper_options& options,
             std::vector<core::plan_goal> goals, std::vector<std::string> paths);

  bool any() const { return !goals_.empty(); }

  // Measures, and remembers the free space to compare with. Fails when a goal's file system cannot be measured: nobody
  // would know when to stop.
  task<core::result<void>> begin();
  // What went, for goals that are counted: bytes at least, and images that a listing shows.
  void count_down(core::byte_count bytes, int images);
  // Whether all goals are met now; false without goals. Fails as begin() does, after some tries.
  task<core::result<bool>> met();
  // The same, but gives the engine time to free what was removed (options.lag).
  task<core::result<bool>> met_in_the_end();
  // What the goals lack, by the last measurement: "disk is 0.81, and is to be below 0.70 at /var/lib/docker".
  std::string lacking() const;
  // Free space now compared with begin(), all file systems together; may be negative. nullopt: one was not measured.
  task<std::optional<core::byte_count>> freed();

 private:
  struct standing {
    core::plan_goal goal;
    double value = 0;
    bool met = false;
  };
  task<core::result<core::file_system>> measure_path(std::string path);
  task<core::result<void>> look();
  task<std::optional<std::map<std::string, core::byte_count>>> free_space();  // by device

  disks& disks_;
  sweep_brake& brake_;
  const sweeper_options& options_;
  std::vector<standing> goals_;
  std::vector<std::string> paths_;
  core::byte_count bytes_gone_ = 0;
  int images_gone_ = 0;
  std::optional<std::map<std::string, core::byte_count>> before_;
};

}  // namespace docksweep::app
