// The inside of the usage tracker. Included by usage_*.cpp only.
//
//   run = turns: look at the clocks, load, apply what events told, save, judge returns and removals
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/backoff.hpp"
#include "app/listing_schedule.hpp"
#include "app/regrets.hpp"
#include "app/usage_tracker.hpp"
#include "app/use_marks.hpp"
#include "app/wake_up.hpp"

namespace docksweep::app {

struct usage_tracker::impl {
  // What is on its way to the store.
  struct batch {
    std::string engine_id;
    core::use_book::changes images;
    core::use_book::changes volumes;
    bool empty() const { return images.empty() && volumes.empty(); }
  };

  impl(boost::asio::any_io_executor executor, history& memory, sweep_telemetry& counts, log_sink& log, clocks time,
       usage_options options);

  task<void> run();
  task<void> flush();
  task<void> turn();
  monotonic::time_point next_turn() const;

  void follow(std::string engine_id);
  void on_event(const core::engine_event& event);
  void on_view(std::shared_ptr<const core::view> node);
  void see(const std::shared_ptr<const core::view>& node);
  void look_at_clock();
  void jumped(core::duration by);
  void tell_jump(core::duration by, std::string when);
  void apply_marks();

  task<void> load();
  void loaded(std::vector<core::use_record> images, std::vector<core::use_record> volumes,
              const std::optional<history::clock_mark>& mark);
  void load_failed(const core::failure& why);
  void storage_failed(std::string_view event, const core::failure& why, std::string next);

  void ask_save();
  task<void> save();
  task<core::result<void>> save_everything();
  task<core::result<void>> save_in_hand();
  task<core::result<void>> save_mark();
  batch take_changes();
  void put_back();
  void keep_for_later();

  history& memory_;
  log_sink& log_;
  usage_options options_;
  clock_jumps clock_;
  regrets regrets_;
  wake_up wake_;
  backoff load_retry_, save_retry_;

  std::string engine_id_;
  core::node_usage usage_;
  use_marks marks_;
  std::shared_ptr<const core::view> node_;  // the newest of this engine
  bool ready_ = false;
  std::uint64_t revision_ = 0;

  bool marks_waiting_ = false;  // not looked up in node_ yet
  monotonic::time_point apply_due_{};
  monotonic::time_point load_due_{};
  monotonic::time_point save_due_ = monotonic::time_point::max();
  std::optional<batch> in_hand_;  // being saved; still here: that did not end well
  std::deque<batch> left_over_;   // of engines followed before
  bool mark_due_ = false;         // the clocks' mark is to be saved
  bool mark_first_ = false;       // … before the books
  std::string last_problem_;
};

}  // namespace docksweep::app
