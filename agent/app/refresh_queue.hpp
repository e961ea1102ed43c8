// The objects that events named and that wait to be looked at again: each once, after a moment in which further events
// about it join, and again when an event comes while it is being looked at. Bounded: beyond `most` it only remembers
// that it overflowed, and a full listing takes its place. No engine call in here: only what and when.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "app/event_meaning.hpp"
#include "app/listing_schedule.hpp"

namespace docksweep::app {

// One look at one object, handed out by take() and handed back to finished().
struct refresh_ticket {
  object_name object;
  expectation expect = expectation::none;
  int attempt = 0;  // how often it was not yet as expected
};

class refresh_queue {
 public:
  static constexpr std::size_t most = 1000;

  // settle: how long after the first event an object waits for further ones. burst: more than this waiting is a burst.
  refresh_queue(std::chrono::milliseconds settle, std::size_t burst);

  // An event named this object; what the newest event lets expect counts.
  void add(object_name object, expectation expect, monotonic::time_point now);
  // Look at it without waiting (an unknown parent, an image that lost a tag).
  void add_at_once(object_name object, monotonic::time_point now);
  // It was not yet as expected: once more after a growing pause, at most four times. False: given up.
  bool look_again(const refresh_ticket& ticket, monotonic::time_point now);

  std::optional<refresh_ticket> take(monotonic::time_point now);
  void finished(const refresh_ticket& ticket);

  bool burst() const { return overflowed_ || waiting() > burst_; }
  bool overflowed() const { return overflowed_; }
  std::size_t waiting() const;  // without those that only wait for another look
  std::size_t in_flight() const;
  // When take() will hand something out; time_point::max(): nothing waits.
  monotonic::time_point next_due() const;

  // A listing starts now and will show everything that was waiting. Returns those with an expectation that the listing
  // has to meet. What is being looked at right now stays, and so do events about it.
  std::vector<refresh_ticket> give_way_to_listing();
  void clear();

 private:
  struct entry {
    bool waiting = false;
    bool in_flight = false;
    monotonic::time_point due{};
    expectation expect = expectation::none;
    int attempt = 0;
  };
  entry* place_for(const object_name& object);

  std::chrono::milliseconds settle_;
  std::size_t burst_;
  bool overflowed_ = false;
  std::map<object_name, entry> entries_;
};

}  // namespace docksweep::app
