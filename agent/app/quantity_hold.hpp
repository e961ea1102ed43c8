// `for`: a quantity starts a policy when it has stayed beyond its threshold, without a break, for so long. Pure: what
// was measured and the time are arguments.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/policy.hpp"

namespace docksweep::app {

// A quantity that is beyond its threshold now.
struct beyond {
  core::threshold limit;
  double measured = 0;  // ratio, bytes or count: core::unit_of(limit.what)
  std::string path;     // of disk, inodes and disk_free: where; else empty
  bool operator==(const beyond&) const = default;
};

// Whether a quantity is measured on a watched path: disk, inodes, disk_free.
bool is_of_a_disk(core::quantity what);

// What a quantity is now (of a disk: on this path); nullopt: not known.
using quantity_reader = std::function<std::optional<double>(core::quantity what, const std::string& path)>;

// Every threshold of `when` that is beyond now, in the order of the policy. Disk quantities are looked at on each
// watched path, the worst first: any of them may start the policy. What cannot be measured is not beyond.
std::vector<beyond> beyond_now(const core::trigger_rules& when, std::span<const core::file_system> disks,
                               const quantity_reader& read);

// "disk 0.87 above 0.85 at /var/lib/docker", "images 1001 above 1000", "disk_free 1.5GiB below 2GiB at /".
std::string to_text(const beyond& one);

class quantity_hold {
 public:
  // One look: `found` is what is beyond at `now` (any clock that never goes back). Returns those of them that have been
  // beyond in every look for at least `hold`; with a hold of 0 that is all of them.
  std::vector<beyond> look(const std::vector<beyond>& found, core::duration hold, std::chrono::nanoseconds now);

 private:
  struct watched {
    core::threshold limit;
    std::string path;
    std::chrono::nanoseconds since{0};
  };
  std::vector<watched> watched_;
};

}  // namespace docksweep::app
