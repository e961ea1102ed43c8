// The tables of the state file, as steps from one version to the next.
#pragma once

#include <array>

namespace docksweep::store {

// The schema that this version writes (PRAGMA user_version).
inline constexpr int schema_version = 4;

// Step n brings version n to n + 1. Steps are never changed once released; new ones are added at the end.
extern const std::array<const char*, schema_version> migrations;

}  // namespace docksweep::store
