// When an image or volume came and was last used, as a plan takes it: every doubt means "used now".
#pragma once

#include <algorithm>
#include <string_view>

#include "core/usage.hpp"

namespace docksweep::core {

struct use_times {
  instant arrived{};
  instant used{};  // never before it arrived
  image_origin origin = image_origin::unknown;
  bool known = false;  // false: not in the book, so used now
};

// A moment in the future is a clock that was wrong: now.
inline use_times use_times_of(const use_book& book, std::string_view id, instant now) {
  const auto* found = book.find(id);
  if (!found) return {.arrived = now, .used = now};
  const auto arrived = std::min(found->first_seen, now);
  return {.arrived = arrived,
          .used = std::max(arrived, std::min(found->last_used, now)),
          .origin = found->origin,
          .known = true};
}

}  // namespace docksweep::core
