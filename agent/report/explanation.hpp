// Why one image stays or goes, under each policy: what `docksweep explain` shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/plan.hpp"

namespace docksweep::report {

struct policy_explanation {
  std::string policy;  // empty: everything unused, under the general [keep]
  core::verdict ruling;
  std::string rule;                     // the text that `ruling` refers to
  std::vector<core::finding> findings;  // every rule for or against, in order of precedence
  std::optional<std::uint32_t> step;    // number (from 1) of the step that removes it
  core::byte_range freed;               // by that step
};

struct image_explanation {
  const core::view& node;
  std::size_t image = 0;                  // into the view's images
  const core::use_record* use = nullptr;  // null: not known
  std::vector<policy_explanation> policies;
};

}  // namespace docksweep::report
