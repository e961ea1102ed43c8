// Growing pauses between attempts, with jitter, so that a fleet does not knock at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace docksweep::app {

class backoff {
 public:
  backoff(std::chrono::milliseconds least, std::chrono::milliseconds most, unsigned seed = std::random_device{}())
      : least_(std::min(least, most * 2 / 3)), most_(most), next_(least_), random_(seed) {}

  // Between the whole and 1.5 times of a pause that doubles each time; never above `most`. At the end, too, it is drawn
  // from two thirds of `most` to all of it.
  std::chrono::milliseconds next() {
    const auto base = next_.count();
    next_ = std::min(next_ * 2, most_ * 2 / 3);
    return std::chrono::milliseconds(base + std::uniform_int_distribution<std::int64_t>(0, base / 2)(random_));
  }
  void reset() { next_ = least_; }

 private:
  std::chrono::milliseconds least_, most_, next_;
  std::minstd_rand random_;
};

}  // namespace docksweep::app
