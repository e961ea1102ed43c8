// What a fuzz target says when something holds no more: a message, then an end that libFuzzer takes for a crash.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace docksweep::fuzz {

inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace docksweep::fuzz
