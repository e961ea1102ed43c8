// When a policy whose trigger has fired must not run yet, and why. Pure; POLICY.md and invariants 3 and 11.
#pragma once

#include <chrono>
#include <optional>

#include "app/sweep_telemetry.hpp"
#include "core/inventory.hpp"

namespace docksweep::app {

// How long a listing of so many images may take before the engine counts as slow: `base` (2 s), and on the containerd
// store 15 ms an image, where a quiet engine needs 5 to 6 (ENGINE facts §3: 402 images take 1.9 to 2.5 s). Else a node
// with many images would never be cleaned up.
std::chrono::nanoseconds slow_listing(core::image_store store, std::size_t images, std::chrono::nanoseconds base);

struct gate_facts {
  bool engine_up = false;                    // it answers, and there is a view
  bool complete = false;                     // the view is not partial, and usage and memory were loaded
  std::chrono::nanoseconds view_age{0};      // since the last complete listing
  std::chrono::nanoseconds stale_after{0};   // three resyncs
  std::chrono::nanoseconds last_listing{0};  // how long it took
  std::chrono::nanoseconds slow_listing{0};  // longer than this: the engine has other things to do
  bool paused = false;                       // docksweep pause
  bool in_window = true;                     // windows and never of the policy
  std::chrono::nanoseconds since_start{0};   // of the agent or the engine, whichever is later
  std::chrono::nanoseconds settle{0};
  double fullest_disk = 0;                         // used ratio
  double settle_ends_above = 1;                    // a disk fuller than this does not wait for settle
  std::optional<std::chrono::nanoseconds> rested;  // since the policy's last run ended; nullopt: it never ran
  std::chrono::nanoseconds cooldown{0};
};

// The first reason against a run, in the order of skip_reason's weight: without an engine and a complete view nothing
// can be planned, a slow engine comes before any wish of ours, a person's pause before a policy's own rules.
std::optional<skip_reason> why_not(const gate_facts& facts);

}  // namespace docksweep::app
