// Which volumes a policy may remove. Never one that a container of the view names, whatever the disk usage says, not
// even when that container goes in the same run: then it counts as used now, and gets its chance in the next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/ruling.hpp"

namespace docksweep::core {

struct volume_candidate {
  std::string name;
  instant used{};
  byte_count bytes = 0;  // 0 where the engine does not know (other drivers: not on this disk)
  std::uint32_t rule = 0;
};

// Least recently used first; ties break by name.
std::vector<volume_candidate> volume_candidates(const node_picture& picture, const policy& which, rule_book& rules,
                                                instant now);

}  // namespace docksweep::core
