// A cancellation signal per coroutine, because a slot serves one operation at a time.
#include "cli/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace docksweep::cli {

namespace asio = boost::asio;

namespace {

bool is_cancellation(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& thrown) {
    return thrown.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

task_group::task_group(asio::any_io_executor executor, std::function<void()> on_failure)
    : executor_(executor),
      on_failure_(std::move(on_failure)),
      empty_(executor, asio::steady_timer::time_point::max()) {}

void task_group::start(app::task<void> work) {
  const auto place = members_.emplace(members_.end());
  asio::co_spawn(executor_, std::move(work),
                 asio::bind_cancellation_slot(place->cancel.slot(), [this, place](std::exception_ptr error) {
                   // Later, because the slot that this handler is bound to goes with the member.
                   asio::post(executor_, [this, place, error] { finished(place, error); });
                 }));
  if (cancelled_) place->cancel.emit(asio::cancellation_type::terminal);
}

void task_group::finished(std::list<member>::iterator which, std::exception_ptr error) {
  members_.erase(which);
  if (error && !is_cancellation(error)) {
    cancel();
    if (!std::exchange(error_, error)) on_failure_();
  }
  if (members_.empty()) empty_.cancel();
}

void task_group::cancel() {
  cancelled_ = true;
  // Ends nothing at once: a member that is cancelled finishes through the executor, so the list stays as it is here.
  for (auto& one : members_) one.cancel.emit(asio::cancellation_type::terminal);
}

app::task<void> task_group::ended() {
  while (!members_.empty()) {
    co_await empty_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (error_) std::rethrow_exception(error_);
}

}  // namespace docksweep::cli
