// The plan of `docksweep remove`: what was named, under the same rules as everything else. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/failure.hpp"
#include "core/plan.hpp"

namespace docksweep::cli {

struct remove_wish {
  std::vector<std::string> names;
  core::keep_rules keep;  // the general ones, less what the command line lifts
};

struct remove_plan {
  core::policy policy;               // nameless: what the re-check holds a removal against
  core::plan plan;                   // children before parents, containers first
  std::vector<std::string> refused;  // why a named one stays, each a sentence; not empty: nothing is to be removed
};

// Fails (not_found, conflict) when a name means nothing here, or several things.
core::result<remove_plan> plan_removal(const core::node_picture& picture, const remove_wish& wish, core::instant now);

}  // namespace docksweep::cli
