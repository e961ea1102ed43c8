// When the next full listing may start: at every resync, when something asks for one, never two at a time, never more
// than a share of wall time, and not at once again after one that failed.
#pragma once

#include <chrono>

namespace docksweep::app {

using monotonic = std::chrono::steady_clock;

class listing_schedule {
 public:
  // share: 0.10 means that after a listing that took D the next starts no earlier than 9·D later.
  listing_schedule(std::chrono::milliseconds resync, double share);

  // Another interval, counted from the last listing.
  void resync_every(std::chrono::milliseconds resync);
  // Asks for a listing from `when` on; an earlier wish stands.
  void want(monotonic::time_point when);
  // When the next listing is due; time_point::max() while one runs.
  monotonic::time_point due() const;
  void started(monotonic::time_point now);
  void finished(monotonic::time_point now, bool succeeded);
  void abandoned(monotonic::time_point now);  // we stopped it ourselves: no failure, but its time counts

  // Another connection to the engine: what failed before says nothing about it.
  void forget_failures();

  bool running() const { return running_; }

 private:
  void count_share(monotonic::time_point now);

  std::chrono::milliseconds resync_;
  double share_;
  bool running_ = false;
  int failures_ = 0;
  monotonic::time_point began_{};
  monotonic::time_point wanted_ = monotonic::time_point::max();
  monotonic::time_point next_resync_ = monotonic::time_point::max();  // none before the first one was asked for
  monotonic::time_point allowed_from_ = monotonic::time_point::min();  // by the share
  monotonic::time_point retry_from_ = monotonic::time_point::min();    // after failures
};

}  // namespace docksweep::app
