// Tells a jump of the wall clock (somebody set it; NTP found the time on a machine without a clock of its own) from
// time that passed: the boot clock, which also runs while the machine sleeps, does not jump. Ages have to survive a
// jump: after one of five years nothing may look unused for five years, and nothing may be protected for as long.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "app/history.hpp"
#include "core/quantity.hpp"

namespace docksweep::app {

// Wall clock and boot clock; tests hand in their own.
struct clocks {
  std::function<core::instant()> wall = std::chrono::system_clock::now;
  std::function<std::chrono::nanoseconds()> boot;  // CLOCK_BOOTTIME; unset: the real one
  std::string boot_id;                             // /proc/sys/kernel/random/boot_id; empty: unknown
};

// This machine's, with its boot ID where that can be read.
clocks machine_clocks();
// By these clocks; CLOCK_BOOTTIME where `boot` is unset.
std::chrono::nanoseconds boot_now(const clocks& time);

class clock_jumps {
 public:
  // Less is no jump: NTP moves a clock by so much without anybody noticing. Small steps add up until they are one.
  static constexpr std::chrono::seconds tolerance{30};

  explicit clock_jumps(clocks time);

  core::instant wall() const { return time_.wall(); }
  std::chrono::nanoseconds boot() const { return boot_now(time_); }

  // By how much the wall clock jumped since the last look that told so (at first: since the constructor).
  std::optional<core::duration> look();
  // … since `mark` was made; std::nullopt too where it is of another boot, or that cannot be told.
  std::optional<core::duration> since(const history::clock_mark& mark) const;
  // For the store; the boot ID is empty where it is unknown.
  history::clock_mark mark() const;

 private:
  clocks time_;
  core::instant wall_;
  std::chrono::nanoseconds boot_;
};

}  // namespace docksweep::app
