// Inspects of containers that stand still; see the header.
#include "app/stopped_containers.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>
#include <vector>

namespace docksweep::app {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

constexpr std::size_t readers_at_once = 4;
constexpr int failures_that_end_it = 3;

bool stands_still(core::container_state state) {
  using enum core::container_state;
  return state == created || state == exited || state == dead;
}

bool about_the_engine(core::failure_code code) {
  using enum core::failure_code;
  return code == unreachable || code == timeout || code == too_old || code == cancelled;
}

}  // namespace

struct stopped_containers::reading {
  std::vector<std::pair<std::string, listed>> wanted;
  std::size_t next = 0;
  int failures_in_a_row = 0;
  int unread = 0;
};

task<void> stopped_containers::read_in_turn(reading* all) {
  while (all->next < all->wanted.size() && all->failures_in_a_row < failures_that_end_it) {
    const auto& [id, shown] = all->wanted[all->next++];
    under_way_.insert(id);
    auto call = engine_.container_details(id);
    auto outcome = co_await std::move(call);
    const bool still_wanted = under_way_.erase(id) > 0;
    const bool engine_failed = !outcome && about_the_engine(outcome.error().code);
    all->failures_in_a_row = engine_failed ? all->failures_in_a_row + 1 : 0;
    if (!outcome) {
      ++all->unread;
      continue;
    }
    // Gone, started since the listing, or named by an event while the answer was made.
    if (!*outcome || !stands_still((*outcome)->state) || !still_wanted) continue;
    known_.insert_or_assign(id, std::move(**outcome));
    listed_.insert_or_assign(id, shown);
  }
}

task<void> stopped_containers::read_side_by_side(reading* all, std::size_t readers) {
  if (readers <= 1) {
    auto last = read_in_turn(all);
    co_await std::move(last);
    co_return;
  }
  auto both = read_in_turn(all) && read_side_by_side(all, readers - 1);
  co_await std::move(both);
}

task<int> stopped_containers::read(const core::view& node) {
  under_way_.clear();  // of a read that was cancelled
  reading all;
  core::container_details_by_id still_known;
  std::unordered_map<std::string, listed> still_listed;
  for (const auto& one : node.what().containers) {
    if (!stands_still(one.state)) continue;
    listed shown{one.state, one.image_id};
    const auto before = listed_.find(one.id);
    if (before != listed_.end() && before->second == shown) {
      still_known.insert(known_.extract(one.id));
      still_listed.insert(listed_.extract(before));
    } else {
      all.wanted.emplace_back(one.id, std::move(shown));
    }
  }
  known_ = std::move(still_known);
  listed_ = std::move(still_listed);
  auto readers = read_side_by_side(&all, std::min(readers_at_once, all.wanted.size()));
  co_await std::move(readers);
  // What no reader got to is unread as well.
  co_return all.unread + static_cast<int>(all.wanted.size() - all.next);
}

void stopped_containers::forget(const std::string& id) {
  known_.erase(id);
  listed_.erase(id);
  under_way_.erase(id);
}

}  // namespace docksweep::app
