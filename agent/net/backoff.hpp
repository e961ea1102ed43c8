// Waiting times between attempts: exponential, with jitter, so that many agents do not return all at once.
#pragma once

#include <chrono>
#include <random>

namespace docksweep::net {

class backoff {
 public:
  // The n-th wait lies between half and the whole of least * 2^n, and never above `most`.
  backoff(std::chrono::milliseconds least, std::chrono::milliseconds most, std::uint32_t seed);

  std::chrono::milliseconds next();
  void reset();  // after a success: the next wait is a short one again

 private:
  std::chrono::milliseconds least_, most_, ceiling_;
  std::minstd_rand random_;
};

}  // namespace docksweep::net
