// What the table and the JSON of a plan have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/plan.hpp"

namespace docksweep::report {

// Names of the objects of a view by kind and ID. Refers to the view.
class object_names {
 public:
  explicit object_names(const core::view& node);
  // Tags of an image, digests of one without any; names of a container; a volume's own. Empty: it has none, or is not in the view.
  std::vector<std::string> of(core::target_kind kind, std::string_view id) const;

 private:
  const core::view& node_;
  std::unordered_map<std::string_view, std::size_t> images_, containers_;
};

// For people: "alpine:3.19", "alpine:3.19 +2" (two more names), "repository@0123456789ab", else the short ID.
std::string shown_name(const std::vector<std::string>& names, const std::string& id);

// Whether the plan is known to miss its goal: `docksweep plan` exits with 3. A goal that cannot be predicted (inodes)
// is not known to be missed.
bool falls_short(const core::plan& what);

// How many verdicts keep something, by reason, in order of core::all_reasons; reasons without any are left out.
struct kept_count {
  core::reason why = core::reason::in_use;
  std::int64_t images = 0, containers = 0, others = 0;
};
std::vector<kept_count> count_kept(const core::plan& what);

// What a reason means, for people: "a container holds it".
std::string_view meaning(core::reason why);

}  // namespace docksweep::report
