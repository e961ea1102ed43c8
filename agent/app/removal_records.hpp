// What goes on record about a plan before anything of it is removed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/sweeper.hpp"

namespace docksweep::app {

// The place of an image (by its ID) in a view; nullopt: it is not there.
std::optional<std::uint32_t> place_of_image(const core::view& node, std::string_view id);
const core::container* find_container(const core::view& node, std::string_view id);

// Whether a step takes away all names of an image, and so the image; else it stays under the others. (Digests go along
// with the last tag of their repository.)
bool removes_whole_image(const core::plan_step& step, const core::view& node, std::uint32_t place);

// The images that are built on others of a view (ParentId), and which of them are still there. Only on graphdriver: the
// containerd store lets a parent go before its children.
class image_family {
 public:
  explicit image_family(const core::view& node);
  void gone(std::uint32_t place);
  // An image that is there, and built on this one.
  std::optional<std::uint32_t> child_of(std::uint32_t place) const;

 private:
  std::unordered_multimap<std::uint32_t, std::uint32_t> children_;
  std::unordered_set<std::uint32_t> gone_;
};

// Whether last use speaks for objects of this kind under a policy: keep.min_age, or unused_for of its selection.
bool use_protects(const core::policy& which, core::target_kind kind);

// One record for each step, in their order. References are the names that are to go; digests, layers, platform and
// origin are what the image has. The plan says which view and books it was made of: `request`.
std::vector<core::removal_record> removal_records(const sweep_request& request, core::instant now);

core::sweep_record sweep_record_of(const sweep_request& request, core::instant now);

}  // namespace docksweep::app
