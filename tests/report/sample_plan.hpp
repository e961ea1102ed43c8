// A plan over sample_inventory() with one of everything, and a record of its sweep, whose texts can be written by hand.
#pragma once

#include "core/history.hpp"
#include "core/plan.hpp"

namespace docksweep::report::testing {

// Removes container web and then app (after step 1), lone and tool; the goal is reached with step 3; nothing is kept but
// what the verdicts say.
core::plan sample_plan();
// The same with a goal that it misses: two blockers.
core::plan short_plan();

core::sweep_record sample_sweep();
std::vector<core::removal_record> sample_removals();  // of that sweep, and one by somebody else

}  // namespace docksweep::report::testing
