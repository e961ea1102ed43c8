// Instants as the state file has them: nanoseconds since 1970, UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/inventory.hpp"

namespace docksweep::store {

inline std::int64_t ticks(core::instant when) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}
inline core::instant instant_from(std::int64_t ticks) {
  return core::instant(std::chrono::duration_cast<core::instant::duration>(std::chrono::nanoseconds(ticks)));
}

inline std::optional<std::int64_t> ticks(const std::optional<core::instant>& when) {
  return when ? std::optional(ticks(*when)) : std::nullopt;
}
inline std::optional<core::instant> instant_from(const std::optional<std::int64_t>& ticks) {
  return ticks ? std::optional(instant_from(*ticks)) : std::nullopt;
}

}  // namespace docksweep::store
