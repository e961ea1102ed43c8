// Deadlines and limits of connections; see connections.hpp.
#include "web/connections.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace docksweep::web {
namespace {

using clock = std::chrono::steady_clock;
constexpr auto never = clock::time_point::max();
// A read that had just completed is not cancelled; its coroutine may then wait in the next one.
constexpr auto to_notice = std::chrono::milliseconds(250);

}  // namespace

connections::connections(const boost::asio::any_io_executor& executor, std::size_t most)
    : most_(most), timer_(executor), empty_(executor, never) {
  all_.reserve(most);
}

std::shared_ptr<connection> connections::admit(stream_socket& socket) {
  if (stopping_) return nullptr;
  const auto open = std::ranges::count_if(all_, [](const auto& one) { return !one->ended; });
  if (static_cast<std::size_t>(open) >= most_) {
    std::shared_ptr<connection> longest;
    for (const auto& one : all_) {
      if (one->now == phase::waiting && !one->ended && (!longest || one->since < longest->since)) longest = one;
    }
    if (!longest) return nullptr;
    end(*longest);
  }
  auto one = std::make_shared<connection>(std::move(socket));
  all_.push_back(one);
  return one;
}

void connections::leave(const std::shared_ptr<connection>& one) {
  const auto found = std::ranges::find(all_, one);
  if (found == all_.end()) return;
  std::swap(*found, all_.back());
  all_.pop_back();
  if (!all_.empty()) return;
  timer_.cancel();
  rings_at_ = never;
  empty_.cancel();
}

void connections::enter(connection& one, phase next, std::chrono::milliseconds at_most) {
  one.now = next;
  one.since = clock::now();
  one.expired = false;
  const auto until = at_most == std::chrono::milliseconds::max() ? never : one.since + at_most;
  // While stopping, the grace that stop() gave is the last word.
  one.deadline = stopping_ && one.deadline != never ? std::min(one.deadline, until) : until;
  arm(one.deadline);
}

void connections::stop(std::chrono::milliseconds grace) {
  stopping_ = true;
  const auto until = clock::now() + grace;
  for (const auto& one : all_) {
    if (one->now == phase::waiting) {
      end(*one);
    } else {
      one->deadline = std::min(one->deadline, until);
    }
  }
  if (!all_.empty()) arm(until);
}

boost::asio::awaitable<void> connections::emptied() {
  while (!all_.empty()) {
    boost::system::error_code ignored;
    co_await empty_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

void connections::close_all() {
  stopping_ = true;
  for (const auto& one : all_) end(*one);
}

void connections::end(connection& one) {
  one.ended = true;
  boost::system::error_code ignored;
  one.socket.close(ignored);
  one.cancel.emit(boost::asio::cancellation_type::terminal);
}

void connections::arm(clock::time_point at) {
  if (at >= rings_at_) return;
  rings_at_ = at;
  timer_.expires_at(at);
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (!error && alive.lock()) ring();
  });
}

void connections::ring() {
  rings_at_ = never;
  const auto now = clock::now();
  auto next = never;
  // A copy: ending one may make another leave at once.
  const auto all = all_;
  for (const auto& one : all) {
    if (one->ended) continue;
    if (one->deadline > now) {
      next = std::min(next, one->deadline);
    } else if (stopping_ || one->expired || one->now == phase::working || one->now == phase::sending) {
      end(*one);  // no word can reach this peer, or no time is left for one
    } else {
      one->expired = true;
      one->deadline = now + to_notice;
      next = std::min(next, one->deadline);
      boost::system::error_code ignored;
      one->socket.cancel(ignored);  // its coroutine says 408 where a request had begun
    }
  }
  if (next != never) arm(next);
}

}  // namespace docksweep::web
