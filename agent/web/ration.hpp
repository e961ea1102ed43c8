// How many failures in a row are answered before the slow lane: some at once, then one a second.
#pragma once

#include <algorithm>
#include <chrono>

namespace docksweep::web {

class ration {
 public:
  using moment = std::chrono::steady_clock::time_point;

  // A person's typing errors and a rotated secret's first scrapes fit in 10; guessing does not.
  explicit ration(moment now, double most = 10) : most_(most), left_(most), refilled_at_(now) {}

  bool has_any(moment now) {
    const std::chrono::duration<double> passed = now - refilled_at_;
    left_ = std::min(most_, left_ + passed.count());
    refilled_at_ = now;
    return left_ >= 1;
  }
  void take() { left_ -= 1; }
  void give_back() { left_ = std::min(most_, left_ + 1); }

 private:
  double most_, left_;
  moment refilled_at_;
};

}  // namespace docksweep::web
