// Jittered exponential waiting times.
#include "net/backoff.hpp"

#include <algorithm>

namespace docksweep::net {

backoff::backoff(std::chrono::milliseconds least, std::chrono::milliseconds most, std::uint32_t seed)
    : least_(least), most_(std::max(least, most)), ceiling_(least), random_(seed) {}

std::chrono::milliseconds backoff::next() {
  const auto ceiling = ceiling_;
  // Compared before doubling, so that no number of failures overflows.
  ceiling_ = ceiling_ >= most_ / 2 ? most_ : ceiling_ * 2;
  std::uniform_int_distribution<std::chrono::milliseconds::rep> within(ceiling.count() / 2, ceiling.count());
  return std::chrono::milliseconds(within(random_));
}

void backoff::reset() { ceiling_ = least_; }

}  // namespace docksweep::net
