// Listings and single objects: what an event, a resync or a lost stream asks for is read here and put into the view.
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "app/watcher_impl.hpp"

namespace docksweep::app {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds at_once{0};
// A new image is shown together with its layers, unless these take longer than this.
constexpr milliseconds with_details{500};
// A burst waits for a listing that may start within this time; beyond it objects are looked at one by one meanwhile.
constexpr milliseconds worth_waiting{500};
constexpr milliseconds after_failure{2000};

}  // namespace

void watcher::impl::on_event(const core::engine_event& event) {
  counts_.engine_event(event.kind);
  if (hooks_.on_event) hooks_.on_event(event);
  event_meaning meaning = meaning_of(event);
  if (meaning.effect == event_effect::nothing) return;
  const auto now = monotonic::now();
  if (meaning.effect == event_effect::object) queue_.add(std::move(meaning.object), meaning.expect, now);
  if (meaning.effect == event_effect::everything || queue_.burst()) schedule_.want(now + options_.settle_events);
  work_wake_.notify();
}

task<void> watcher::impl::list_when_due() {
  for (;;) {
    const auto due = schedule_.due();
    if (monotonic::now() < due) {
      auto pause = work_wake_.wait(due);
      co_await std::move(pause);
      continue;
    }
    auto one = list_everything();
    co_await std::move(one);
    work_wake_.notify();
  }
}

task<void> watcher::impl::list_everything() {
  const auto began = monotonic::now();
  const auto expected = queue_.give_way_to_listing();
  schedule_.started(began);
  live_.listing_began();

  auto asking = source_.list_images({});
  auto images = co_await std::move(asking);
  core::result<core::listing<core::container>> containers = core::fail(core::failure_code::cancelled, "");
  if (images) {
    auto asking_too = source_.list_containers({}, false);
    containers = co_await std::move(asking_too);
  }
  const auto now = monotonic::now();
  if (!images || !containers) {
    const core::failure why = images ? containers.error() : images.error();
    schedule_.finished(now, false);
    live_.listing_failed();
    learn(pulse_.listed(std::unexpected(why)));
    log_.log(log_level::warn, "listing_failed", {{"error", why.message}, {"took_ms", in_ms(now - began)}});
    if (why.code == core::failure_code::too_old) end_session(why.message);
    co_return;
  }
  schedule_.finished(now, true);
  const auto image_count = images->items.size();
  const int unreadable = images->unreadable + containers->unreadable;
  const bool gone = live_.apply_listing(std::move(*images), std::move(*containers), std::chrono::system_clock::now());
  // A listing with unreadable entries does not prove that anything is gone.
  if (gone && unreadable == 0) forget_gone_ = true;
  last_listing_ = now;
  listing_began_ = began;
  listing_to_count_ = true;
  check_expected(expected);
  ask_all_details();
  ask_publish(at_once);
  learn(pulse_.listed({}));
  saving_wake_.notify();
  disk_wake_.notify();
  log_.log(log_level::debug, "listed", {{"count", std::to_string(image_count)}, {"took_ms", in_ms(now - began)}});
}

void watcher::impl::check_expected(const std::vector<refresh_ticket>& expected) {
  for (const refresh_ticket& ticket : expected) {
    const core::container* const there = live_.find_container(ticket.object.name);
    if (there != nullptr && !meets(ticket.expect, there->state)) queue_.look_again(ticket, monotonic::now());
  }
}

task<void> watcher::impl::refresh_side_by_side(std::size_t workers) {
  if (workers <= 1) {
    auto last = refresh_in_turn();
    co_await std::move(last);
    co_return;
  }
  auto both = refresh_in_turn() && refresh_side_by_side(workers - 1);
  co_await std::move(both);
}

// More objects than a burst are left to a listing that may start soon. While the listing share forbids one (or one runs
// that may be too old for them), they are looked at one at a time: nobody waits long, and the engine is not flooded.
bool watcher::impl::may_refresh(monotonic::time_point now) const {
  if (!queue_.burst()) return true;
  if (!schedule_.running() && schedule_.due() <= now + worth_waiting) return false;
  return queue_.in_flight() == 0;
}

task<void> watcher::impl::refresh_in_turn() {
  for (;;) {
    const auto now = monotonic::now();
    std::optional<refresh_ticket> ticket;
    if (may_refresh(now)) ticket = queue_.take(now);
    if (!ticket) {
      // Held back, it is woken by the listing's end or by the worker that is busy.
      const auto until = may_refresh(now) ? queue_.next_due() : now + worth_waiting;
      auto pause = work_wake_.wait(until);
      co_await std::move(pause);
      continue;
    }
    auto look = ticket->object.kind == object_kind::image ? look_at_image(*ticket) : look_at_container(*ticket);
    co_await std::move(look);
    queue_.finished(*ticket);
    work_wake_.notify();
  }
}

task<void> watcher::impl::look_at_image(refresh_ticket ticket) {
  auto asking = source_.find_image(ticket.object.name);
  auto found = co_await std::move(asking);
  if (!found) {
    refresh_failed(ticket, found.error());
  } else if (*found) {
    image_found(std::move(**found));
  } else {
    image_gone(ticket.object.name);
  }
}

void watcher::impl::image_found(core::image image) {
  const std::string id = image.id;
  const std::string parent = image.parent_id;
  const live_inventory::image_change change = live_.apply_image(std::move(image));
  const auto now = monotonic::now();
  // The classic builder's intermediate images have no events of their own on engines before 28.
  if (change.parent_missing && !parent.empty()) queue_.add_at_once({object_kind::image, parent}, now);
  // On the containerd store and on Podman an image's digests go with its names; on Docker's graphdrivers they stay.
  if (who_.store == core::image_store::containerd || who_.engine == "podman") {
    for (const std::string& loser : change.losers) queue_.add_at_once({object_kind::image, loser}, now);
  }
  // The containerd store tells the size in a listing alone, and lists by name alone: this one has no name to ask by.
  if (const core::image* const known = live_.find_image(id); known != nullptr && !known->size)
    schedule_.want(now + options_.settle_events);
  if (change.needs_details) ask_details(id);
  if (change.changed) ask_publish(change.needs_details ? with_details : at_once);
}

void watcher::impl::image_gone(const std::string& name) {
  if (const std::string id = image_id_from(name); !id.empty()) {
    if (!live_.remove_image(id)) return;
    forget_gone_ = true;
    ask_publish(at_once);
    return;
  }
  // Nobody has this name any more: look at who had it.
  if (const std::string holder = live_.holder_of(name); !holder.empty()) {
    queue_.add_at_once({object_kind::image, holder}, monotonic::now());
  }
}

task<void> watcher::impl::look_at_container(refresh_ticket ticket) {
  auto asking = source_.find_container(ticket.object.name);
  auto found = co_await std::move(asking);
  if (!found) {
    refresh_failed(ticket, found.error());
    co_return;
  }
  bool changed = false;
  if (*found) {
    const bool as_expected = meets(ticket.expect, (*found)->state);
    changed = live_.apply_container(std::move(**found));
    if (!as_expected) queue_.look_again(ticket, monotonic::now());
  } else {
    changed = live_.remove_container(ticket.object.name);
  }
  if (changed) ask_publish(at_once);
}

void watcher::impl::refresh_failed(const refresh_ticket& ticket, const core::failure& why) {
  if (why.code == core::failure_code::cancelled) return;
  log_.log(log_level::warn, "refresh_failed",
           {{ticket.object.kind == object_kind::image ? "image" : "container", ticket.object.name},
            {"error", why.message},
            {"next", "list everything"}});
  if (why.code == core::failure_code::too_old) end_session(why.message);
  schedule_.want(monotonic::now() + after_failure);
}

}  // namespace docksweep::app
