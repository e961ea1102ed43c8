// When the next full listing may start; see the header.
#include "app/listing_schedule.hpp"

#include <algorithm>

namespace docksweep::app {
namespace {

constexpr std::chrono::milliseconds first_retry{1000};
constexpr std::chrono::milliseconds longest_retry{30000};

}  // namespace

listing_schedule::listing_schedule(std::chrono::milliseconds resync, double share)
    : resync_(resync), share_(std::clamp(share, 0.001, 1.0)) {}

void listing_schedule::resync_every(std::chrono::milliseconds resync) {
  resync_ = resync;
  if (next_resync_ != monotonic::time_point::max()) next_resync_ = began_ + resync_;
}

void listing_schedule::want(monotonic::time_point when) {
  wanted_ = std::min(wanted_, when);
}

monotonic::time_point listing_schedule::due() const {
  if (running_) return monotonic::time_point::max();
  return std::max({std::min(wanted_, next_resync_), allowed_from_, retry_from_});
}

void listing_schedule::started(monotonic::time_point now) {
  running_ = true;
  began_ = now;
  wanted_ = monotonic::time_point::max();
}

void listing_schedule::count_share(monotonic::time_point now) {
  running_ = false;
  const auto took = std::chrono::duration<double>(now - began_);
  allowed_from_ = now + std::chrono::duration_cast<monotonic::duration>(took * (1 / share_ - 1));
}

void listing_schedule::abandoned(monotonic::time_point now) {
  count_share(now);
  want(now);
}

void listing_schedule::finished(monotonic::time_point now, bool succeeded) {
  count_share(now);
  if (succeeded) {
    forget_failures();
    next_resync_ = began_ + resync_;
    return;
  }
  const auto pause = std::min({first_retry * (1 << std::min(failures_, 5)), longest_retry, resync_});
  ++failures_;
  // The next resync may be due already: it waits as well.
  retry_from_ = now + pause;
  want(retry_from_);
}

void listing_schedule::forget_failures() {
  failures_ = 0;
  retry_from_ = monotonic::time_point::min();
}

}  // namespace docksweep::app
