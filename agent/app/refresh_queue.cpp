// The objects that wait to be looked at again; see the header.
#include "app/refresh_queue.hpp"

#include <algorithm>
#include <array>

namespace docksweep::app {
namespace {

using std::chrono::milliseconds;

// Pauses before another look at an object that is not yet as its event said: the engine may still unmount and write.
constexpr std::array pauses{milliseconds(150), milliseconds(400), milliseconds(1000), milliseconds(3000)};

}  // namespace

refresh_queue::refresh_queue(milliseconds settle, std::size_t burst) : settle_(settle), burst_(burst) {}

refresh_queue::entry* refresh_queue::place_for(const object_name& object) {
  const auto found = entries_.find(object);
  if (found != entries_.end()) return &found->second;
  if (entries_.size() >= most) {
    overflowed_ = true;
    return nullptr;
  }
  return &entries_[object];
}

void refresh_queue::add(object_name object, expectation expect, monotonic::time_point now) {
  entry* const place = place_for(object);
  if (place == nullptr) return;
  // Counted from the first event: a stream of events about one object cannot put it off for ever. One that waits for
  // another look is due sooner now.
  const auto due = now + settle_;
  if (!place->waiting || place->due > due) place->due = due;
  place->waiting = true;
  place->expect = expect;
  place->attempt = 0;
}

void refresh_queue::add_at_once(object_name object, monotonic::time_point now) {
  entry* const place = place_for(object);
  if (place == nullptr) return;
  if (!place->waiting || place->due > now) place->due = now;
  place->waiting = true;
}

bool refresh_queue::look_again(const refresh_ticket& ticket, monotonic::time_point now) {
  if (ticket.attempt >= static_cast<int>(pauses.size())) return false;
  entry* const place = place_for(ticket.object);
  if (place == nullptr) return false;
  if (place->waiting) return true;  // a newer event says what to expect now
  place->waiting = true;
  place->due = now + pauses[static_cast<std::size_t>(ticket.attempt)];
  place->expect = ticket.expect;
  place->attempt = ticket.attempt + 1;
  return true;
}

std::optional<refresh_ticket> refresh_queue::take(monotonic::time_point now) {
  auto next = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    const entry& e = at->second;
    if (!e.waiting || e.in_flight || e.due > now) continue;
    if (next == entries_.end() || e.due < next->second.due) next = at;
  }
  if (next == entries_.end()) return std::nullopt;
  entry& e = next->second;
  refresh_ticket ticket{next->first, e.expect, e.attempt};
  e.waiting = false;
  e.in_flight = true;
  return ticket;
}

void refresh_queue::finished(const refresh_ticket& ticket) {
  const auto found = entries_.find(ticket.object);
  if (found == entries_.end()) return;
  found->second.in_flight = false;
  if (!found->second.waiting) entries_.erase(found);
}

std::size_t refresh_queue::waiting() const {
  const auto counts = [](const auto& e) { return e.second.waiting && e.second.attempt == 0; };
  return static_cast<std::size_t>(std::ranges::count_if(entries_, counts));
}

std::size_t refresh_queue::in_flight() const {
  return static_cast<std::size_t>(std::ranges::count_if(entries_, [](const auto& e) { return e.second.in_flight; }));
}

monotonic::time_point refresh_queue::next_due() const {
  auto due = monotonic::time_point::max();
  for (const auto& [object, e] : entries_) {
    if (e.waiting && !e.in_flight) due = std::min(due, e.due);
  }
  return due;
}

std::vector<refresh_ticket> refresh_queue::give_way_to_listing() {
  std::vector<refresh_ticket> expected;
  for (auto at = entries_.begin(); at != entries_.end();) {
    entry& e = at->second;
    if (e.in_flight) {
      ++at;
      continue;
    }
    if (e.expect != expectation::none) expected.push_back({at->first, e.expect, e.attempt});
    at = entries_.erase(at);
  }
  overflowed_ = false;
  return expected;
}

void refresh_queue::clear() {
  entries_.clear();
  overflowed_ = false;
}

}  // namespace docksweep::app
