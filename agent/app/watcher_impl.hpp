// The watcher's inside: what its coroutines share. Included by watcher*.cpp only.
//
//   run = sessions && probes && disk && saving && publishing
//   session = the event stream || (listings && refreshes of single objects && details)
//
// A session lasts as long as one event stream; after it events were lost, so the next one begins with a full listing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/backoff.hpp"
#include "app/details_reader.hpp"
#include "app/listing_schedule.hpp"
#include "app/live_inventory.hpp"
#include "app/refresh_queue.hpp"
#include "app/wake_up.hpp"
#include "app/watcher.hpp"

namespace docksweep::app {

struct watcher::impl {
  impl(boost::asio::any_io_executor executor, engine& source, store& memory, telemetry& counts, log_sink& log,
       watcher_options options);

  task<void> run();
  void request_resync();
  void set_intervals(std::chrono::milliseconds resync, std::chrono::milliseconds disk_usage);

  // watcher_session.cpp
  task<void> sessions();
  task<void> session();
  task<void> follow();
  task<void> work();
  task<void> until_over();
  task<void> list_without_events();
  task<void> take_identity(core::engine_identity who);
  void end_session(std::string why);
  void fail_session(const std::exception& fault);

  // watcher_refresh.cpp
  void on_event(const core::engine_event& event);
  task<void> list_when_due();
  task<void> list_everything();
  void check_expected(const std::vector<refresh_ticket>& expected);
  task<void> refresh_side_by_side(std::size_t workers);
  task<void> refresh_in_turn();
  bool may_refresh(monotonic::time_point now) const;
  task<void> look_at_image(refresh_ticket ticket);
  task<void> look_at_container(refresh_ticket ticket);
  void image_found(core::image image);
  void image_gone(const std::string& name);
  void refresh_failed(const refresh_ticket& ticket, const core::failure& why);

  // watcher_details.cpp
  void ask_details(std::string id);
  void ask_all_details();
  std::vector<std::string> next_details();
  task<void> read_details_as_asked();
  task<void> read_what_is_lacking();
  void details_read(const std::string& id, core::result<core::image_details> outcome);
  task<void> save_in_batches();
  task<void> measure_disk_usage();

  // watcher.cpp
  task<void> probe();
  task<core::result<void>> within_deadline(task<core::result<void>> call);
  void learn(bool health_changed);
  bool stale() const;
  void withdraw_if_stale();
  task<void> publish_when_asked();
  void publish();
  bool details_known();
  void ask_publish(std::chrono::milliseconds patience);

  boost::asio::any_io_executor executor_;
  engine& source_;
  store& memory_;
  telemetry& counts_;
  log_sink& log_;
  watcher_options options_;
  watcher_hooks hooks_;

  live_inventory live_;
  refresh_queue queue_;
  listing_schedule schedule_;
  pulse pulse_;
  backoff reconnect_;

  wake_up work_wake_, details_wake_, saving_wake_, disk_wake_, publish_wake_, session_wake_;

  core::engine_identity who_;
  bool identified_ = false;
  bool stream_open_ = false;
  bool was_open_ = false;  // in this session
  bool session_over_ = false;
  int fruitless_sessions_ = 0;  // since the last one in which everything was listed
  unsigned generation_ = 0;  // grows with another engine, or other storage: answers about the one before are dropped

  std::deque<std::string> lacking_;                          // IDs whose details are to be read
  std::map<std::string, monotonic::time_point> unreadable_;  // IDs whose details failed, and when to try again
  std::vector<live_inventory::details_pointer> unsaved_;
  bool forget_gone_ = false;  // the store knows details of images that are gone
  std::string last_storage_problem_;
  monotonic::time_point disk_due_{};

  std::shared_ptr<const core::view> shown_;
  bool details_known_ = false;  // of this engine, by a view that was shown
  std::uint64_t revision_ = 0;
  monotonic::time_point publish_at_ = monotonic::time_point::max();
  monotonic::time_point last_publish_{};
  std::chrono::milliseconds publish_gap_{0};
  std::optional<monotonic::time_point> last_listing_;  // the last complete one
  monotonic::time_point last_up_{};                    // when the engine was last known to answer
  monotonic::time_point listing_began_{};
  bool listing_to_count_ = false;  // a complete listing is in live_ that no view shows yet
  std::chrono::nanoseconds last_refresh_{0};
  std::optional<monotonic::time_point> listed_since_;  // of shown_
};

inline std::string in_ms(monotonic::duration took) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

}  // namespace docksweep::app
