// A usage tracker on a history in memory and on clocks that tests move by hand. Only delays are real, and short.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/fakes.hpp"
#include "app/memory_history.hpp"
#include "app/usage_tracker.hpp"
#include "core/made_view.hpp"
#include "support/run_task.hpp"

namespace docksweep::test {

class tracked_usage : public testing::Test {
 protected:
  static constexpr std::chrono::hours year{24 * 365};

  core::instant wall{56 * year};  // 2025 or so
  std::chrono::nanoseconds boot = std::chrono::hours(1);
  std::string boot_id = "boot-1";

  boost::asio::io_context context;
  std::shared_ptr<history_memory> memory = std::make_shared<history_memory>();
  memory_history history{memory};
  counted_sweeps counts;
  captured_log log;
  app::usage_options options;
  made_node node;
  std::unique_ptr<app::usage_tracker> tracker;

  tracked_usage() {
    options.save_every = milliseconds(20);
    options.regret_settle = milliseconds(20);
    options.look = milliseconds(10);
    options.retry_least = milliseconds(5);
    options.retry_most = milliseconds(20);
  }
  ~tracked_usage() override { stop(); }

  void pass(std::chrono::nanoseconds time) {
    wall += std::chrono::duration_cast<core::instant::duration>(time);
    boot += time;
  }
  void jump(std::chrono::nanoseconds by) { wall += std::chrono::duration_cast<core::instant::duration>(by); }

  void start(const std::string& engine = "engine-1") {
    ended = false;
    app::clocks time{[this] { return wall; }, [this] { return boot; }, boot_id};
    stopping = std::make_unique<boost::asio::cancellation_signal>();
    tracker = std::make_unique<app::usage_tracker>(context.get_executor(), history, counts, log, time, options);
    boost::asio::co_spawn(context, tracker->run(),
                          boost::asio::bind_cancellation_slot(stopping->slot(), [this](std::exception_ptr fault) {
                            ended = true;
                            failed = fault;
                          }));
    tracker->follow(engine);
  }
  // Started, loaded, and the node as it is was seen.
  void start_and_see() {
    start();
    ASSERT_TRUE(run_until([&] { return tracker->ready(); }));
    show();
  }
  void show() { tracker->on_view(node.share()); }
  void tell(const core::engine_event& event) { tracker->on_event(event); }
  // `docker run`: the events of a container that is gone again before anybody has looked.
  void tell_short_run(const std::string& image) {
    for (const char* const action : {"create", "attach", "start", "die", "destroy"}) {
      tell(container_use(action, image));
    }
  }
  static core::engine_event container_use(const std::string& action, const std::string& image, int number = 99) {
    auto event = container_event(action, container_id(number));
    event.image = image;
    return event;
  }
  const core::use_record* record(const std::string& id) const { return tracker->usage().images.find(id); }
  // Ages as a plan would see them.
  std::chrono::hours unused_for(const std::string& id) const {
    const auto* const found = record(id);
    return found == nullptr ? std::chrono::hours(-1)
                            : std::chrono::duration_cast<std::chrono::hours>(wall - found->last_used);
  }

  template <typename Condition>
  bool run_until(Condition done, milliseconds limit = std::chrono::seconds(30)) {
    const auto until = clock::now() + limit;
    while (!done()) {
      if (clock::now() >= until) return false;
      context.restart();
      context.run_one_for(milliseconds(5));
    }
    return true;
  }
  void run_for(milliseconds time) {
    run_until([] { return false; }, time);
  }
  void end_run() {
    if (!tracker || ended) return;
    stopping->emit(boost::asio::cancellation_type::all);
    EXPECT_TRUE(run_until([&] { return ended; }));
  }
  // As the agent ends: cancelled, then the last changes are saved.
  void shut_down() {
    end_run();
    run_task(context, flushed());
    tracker.reset();
  }
  // As by kill -9: nothing more is saved.
  void stop() {
    end_run();
    tracker.reset();
  }

  bool ended = false;
  std::exception_ptr failed;

 private:
  app::task<bool> flushed() {
    auto flushing = tracker->flush();
    co_await std::move(flushing);
    co_return true;
  }
  std::unique_ptr<boost::asio::cancellation_signal> stopping;
};

}  // namespace docksweep::test
