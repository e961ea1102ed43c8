// Waiting for what another thread does.
#pragma once

#include <chrono>
#include <thread>

namespace docksweep::test {

// Looks every 10 ms until `holds()`, for 5 s at most. False: it did not come.
template <typename Condition>
bool soon(Condition holds) {
  for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return holds();
}

}  // namespace docksweep::test
