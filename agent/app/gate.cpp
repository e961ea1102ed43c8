#include "app/gate.hpp"

#include <algorithm>

namespace docksweep::app {

std::chrono::nanoseconds slow_listing(core::image_store store, std::size_t images, std::chrono::nanoseconds base) {
  constexpr std::chrono::milliseconds for_each_image{15};
  if (store != core::image_store::containerd) return base;
  return std::max<std::chrono::nanoseconds>(base, for_each_image * images);
}

std::optional<skip_reason> why_not(const gate_facts& facts) {
  if (!facts.engine_up) return skip_reason::engine_down;
  if (!facts.complete || facts.view_age > facts.stale_after) return skip_reason::stale_inventory;
  if (facts.last_listing > facts.slow_listing) return skip_reason::engine_slow;
  if (facts.paused) return skip_reason::paused;
  if (!facts.in_window) return skip_reason::window;
  if (facts.since_start < facts.settle && facts.fullest_disk <= facts.settle_ends_above) return skip_reason::settling;
  if (facts.rested && *facts.rested < facts.cooldown) return skip_reason::cooldown;
  return std::nullopt;
}

}  // namespace docksweep::app
