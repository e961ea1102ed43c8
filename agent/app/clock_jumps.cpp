#include "app/clock_jumps.hpp"

#include <ctime>
#include <fstream>
#include <utility>

namespace docksweep::app {
namespace {

std::optional<core::duration> jump(core::instant wall_before, std::chrono::nanoseconds boot_before,
                                   core::instant wall_now, std::chrono::nanoseconds boot_now) {
  const auto by = (wall_now - wall_before) - (boot_now - boot_before);
  if (by <= clock_jumps::tolerance && by >= -clock_jumps::tolerance) return std::nullopt;
  return std::chrono::duration_cast<core::duration>(by);
}

}  // namespace

clocks machine_clocks() {
  clocks machine;
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::getline(file, machine.boot_id);
  return machine;
}

std::chrono::nanoseconds boot_now(const clocks& time) {
  if (time.boot) return time.boot();
  std::timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

clock_jumps::clock_jumps(clocks time) : time_(std::move(time)), wall_(time_.wall()), boot_(boot_now(time_)) {}

std::optional<core::duration> clock_jumps::look() {
  const auto wall_now = wall();
  const auto boot = boot_now(time_);
  auto by = jump(wall_, boot_, wall_now, boot);
  if (by) {
    wall_ = wall_now;
    boot_ = boot;
  }
  return by;
}

std::optional<core::duration> clock_jumps::since(const history::clock_mark& mark) const {
  const auto now = boot();
  if (mark.boot_id.empty() || mark.boot_id != time_.boot_id || mark.boot > now) return std::nullopt;
  return jump(mark.wall, mark.boot, wall(), now);
}

history::clock_mark clock_jumps::mark() const {
  return {time_.boot_id, wall(), boot()};
}

}  // namespace docksweep::app
