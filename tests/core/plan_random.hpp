// A node and a policy made up from a seed, with the truth about its layers, and a second opinion on what a plan may do:
// written plainly, image by image, without a line of the planner's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/plan_node.hpp"
#include "core/random_node.hpp"

namespace docksweep::tests {

struct random_plan {
  random_node truth;  // images and details as in the node, in the same order
  plan_node node;
  bool exact = false;  // graphdriver, every layer's size known, everything readable

  explicit random_plan(std::uint32_t seed);

  // Indices into the node's images, of a plan's image steps.
  std::vector<std::uint32_t> images_of(const core::plan& made) const;
  std::vector<core::container> containers_after(const core::plan& made) const;
  // The truth once these containers are gone; the plain simulation knows image IDs only, so mounts become such.
  random_node truth_after(const core::plan& made) const;
};

// Why the image or container may not go at all (in_use … not_selected); nullopt: it may. `after`: the containers that
// the plan leaves.
std::optional<core::reason> naive_reason(const random_plan& of, const core::image& one,
                                         const std::vector<core::container>& after);
std::optional<core::reason> naive_reason(const random_plan& of, const core::container& one);
bool naive_is_intermediate(const random_plan& of, const core::image& one, const std::vector<core::container>& after);

// Whether the goals hold after these steps of the plan (by index); predicted bytes by the account of a fresh view.
bool naive_reached(const random_plan& of, const core::plan& made, const std::vector<bool>& done);

// Everything that a plan says, for comparing.
std::string text_of(const core::plan& made);

}  // namespace docksweep::tests
