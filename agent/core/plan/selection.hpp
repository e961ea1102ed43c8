// What a policy selects among the images, and in which order it takes them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/plan/ruling.hpp"
#include "core/plan/use_times.hpp"
#include "core/removal_simulation.hpp"

namespace docksweep::core {

class image_selector {
 public:
  // Everything that is referred to outlives the selector. nullopt: the policy does not name images.
  image_selector(const view& node, const std::optional<image_selection>& selection, std::span<const use_times> uses,
                 rule_book& rules, instant now);

  // Why the policy does not select this image (not in use, not intermediate); nullopt: it does.
  std::optional<ruling> refuses(std::size_t image, image_state state) const;
  std::uint32_t selecting_rule() const { return selecting_rule_; }

 private:
  bool references_match(const image& one) const;
  ruling because(std::uint32_t rule) const { return {.why = reason::not_selected, .rule = rule}; }

  const inventory& node_;
  const std::optional<image_selection>& selection_;
  std::span<const use_times> uses_;
  instant now_;
  std::uint32_t absent_rule_, dangling_rule_, age_rule_, references_rule_, labels_rule_, size_rule_, selecting_rule_;
};

// Puts candidates (indices of images, which are sorted by ID) into the policy's order; ties break by ID. `simulation`
// has nothing chosen, before and after.
void put_in_order(std::vector<std::uint32_t>& candidates, image_order order, std::span<const use_times> uses,
                  removal_simulation& simulation);

// Children before parents, and otherwise in the order given: each image comes right after its last child.
std::vector<std::uint32_t> children_first(const std::vector<image>& images, std::span<const std::uint32_t> order);

}  // namespace docksweep::core
