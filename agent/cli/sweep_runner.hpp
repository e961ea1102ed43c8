// Runs a plan that somebody agreed to, and shows how it goes: for sweep and remove.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/planning.hpp"
#include "cli/session.hpp"
#include "core/history.hpp"
#include "core/plan.hpp"

namespace docksweep::cli {

struct sweep_order {
  const node_facts& node;  // what the plan was made of
  core::policy policy;     // an empty name: `docksweep remove`
  core::plan plan;         // exactly this list runs, minus what fails its re-check
  std::string title;       // "Policy nightly (enforce mode)"
  bool yes = false;        // do not ask
  bool quiet = false;      // names of what was removed, and nothing else
  bool json = false;
  bool no_trunc = false;
};

// Shows the plan and asks, unless that is not wanted, runs it, shows what it came to. Returns the exit status. The
// state must be open for writing.
app::task<int> run_order(session& with, sweep_order order);

// Shows the plan where a person reads it: stdout, or stderr when stdout is for a program.
bool show_order(const sweep_order& order);

// {"plan": …, "sweep": … or null, "refused": why there is no sweep, or null}
std::string order_json(const sweep_order& order, const core::sweep_record* sweep,
                       const std::vector<core::removal_record>& removals, const std::string& refused);

// Who runs this process, for the record: "alice (uid 1000)", "alice (uid 1000) by sudo".
std::string actor();

}  // namespace docksweep::cli
