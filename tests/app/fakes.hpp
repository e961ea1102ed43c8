// Stand-ins for the watcher's other ports, and the frame in which its tests run it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/fake_engine.hpp"
#include "app/store.hpp"
#include "app/watcher.hpp"

namespace docksweep::test {

class fake_store final : public app::store {
 public:
  std::map<std::string, std::map<std::string, core::image_details>> details;  // by engine, then by image
  std::map<std::string, core::disk_usage> usage;
  core::engine_identity usage_of;  // the storage of what was saved last
  std::vector<std::size_t> saved_batches;
  int kept_calls = 0;
  std::optional<core::failure> broken;

  app::task<core::result<bool>> knows_an_engine() override {
    if (broken) co_return std::unexpected(*broken);
    co_return !details.empty() || !usage.empty();
  }
  app::task<core::result<std::vector<core::image_details>>> load_image_details(std::string engine) override {
    if (broken) co_return std::unexpected(*broken);
    std::vector<core::image_details> all;
    for (const auto& [id, one] : details[engine]) all.push_back(one);
    co_return all;
  }
  app::task<core::result<void>> save_image_details(std::string engine, std::vector<core::image_details> more) override {
    if (broken) co_return std::unexpected(*broken);
    saved_batches.push_back(more.size());
    for (core::image_details& one : more) details[engine][one.id] = std::move(one);
    co_return core::result<void>();
  }
  app::task<core::result<void>> keep_only_image_details(std::string engine, std::vector<std::string> ids) override {
    if (broken) co_return std::unexpected(*broken);
    ++kept_calls;
    const std::set<std::string> kept(ids.begin(), ids.end());
    std::erase_if(details[engine], [&](const auto& one) { return !kept.contains(one.first); });
    co_return core::result<void>();
  }
  app::task<core::result<std::optional<core::disk_usage>>> load_disk_usage(core::engine_identity of) override {
    if (broken) co_return std::unexpected(*broken);
    std::optional<core::disk_usage> found;
    const bool same = usage_of.id.empty() || core::same_storage(of, usage_of);
    if (const auto at = usage.find(of.id); at != usage.end() && same) found = at->second;
    co_return found;
  }
  app::task<core::result<void>> save_disk_usage(core::engine_identity of, core::disk_usage now) override {
    if (broken) co_return std::unexpected(*broken);
    usage[of.id] = std::move(now);
    usage_of = std::move(of);
    co_return core::result<void>();
  }
  bool durable() const override { return !broken; }
};

class fake_telemetry final : public app::telemetry {
 public:
  std::map<core::event_kind, int> events;
  int refreshes = 0;
  void engine_request(std::string_view, std::chrono::nanoseconds, bool) override {}
  void engine_event(core::event_kind kind) override { ++events[kind]; }
  void refresh(std::chrono::nanoseconds) override { ++refreshes; }
  void http_request(std::string_view, int) override {}
};

class captured_log final : public app::log_sink {
 public:
  std::vector<std::string> events;
  void write(app::log_level, std::string_view event, std::span<const app::log_field>) override {
    events.emplace_back(event);
  }
  std::size_t count(const std::string& event) const {
    return static_cast<std::size_t>(std::ranges::count(events, event));
  }
};

inline std::string image_id(int number) {
  std::string digits = std::to_string(number);
  return "sha256:" + std::string(64 - digits.size(), '0') + digits;
}
inline std::string container_id(int number) {
  std::string digits = std::to_string(number);
  return "c" + std::string(63 - digits.size(), '0') + digits;
}
inline core::engine_event image_event(std::string action, std::string id, std::string name = {}) {
  core::engine_event event;
  event.kind = core::event_kind::image;
  event.action = std::move(action);
  event.id = std::move(id);
  event.name = std::move(name);
  return event;
}
inline core::engine_event container_event(std::string action, std::string id) {
  core::engine_event event;
  event.kind = core::event_kind::container;
  event.action = std::move(action);
  event.id = std::move(id);
  return event;
}

// A watcher on a fake engine. Times are short and real; the loop runs on the test's own thread.
class watched_engine : public testing::Test {
 protected:
  watched_engine() {
    options.resync = milliseconds(60000);
    options.settle_events = milliseconds(10);
    options.reconnect_least = milliseconds(10);
    options.reconnect_most = milliseconds(100);
  }
  ~watched_engine() override { stop(); }

  void add_image(int number, std::vector<std::string> tags = {}, std::string parent = {}) {
    core::image image;
    image.id = image_id(number);
    image.tags = std::move(tags);
    image.parent_id = std::move(parent);
    image.size = 100 + number;
    engine.images[image.id] = image;
  }
  void add_container(int number, core::container_state state = core::container_state::running) {
    core::container container;
    container.id = container_id(number);
    container.names = {"c" + std::to_string(number)};
    container.state = state;
    engine.containers[container.id] = container;
  }

  void start() {
    watch = std::make_unique<app::watcher>(context.get_executor(), engine, store, telemetry, log, options);
    boost::asio::co_spawn(context, watch->run(),
                          boost::asio::bind_cancellation_slot(stopping.slot(), [this](std::exception_ptr fault) {
                            ended = true;
                            failed = fault;
                          }));
  }
  // Runs the loop until `done`, for at most `limit`.
  template <typename Condition>
  bool run_until(Condition done, milliseconds limit = milliseconds(5000)) {
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
  // Until the first complete view with all details is there and nothing more happens.
  void start_and_settle() {
    start();
    ASSERT_TRUE(run_until([&] {
      const auto view = watch->current();
      return view && std::ranges::none_of(view->what().details, [](const auto& d) { return d == nullptr; });
    }));
    run_for(milliseconds(20));
    engine.calls.clear();
  }
  // Returns how long the end took.
  milliseconds stop() {
    if (!watch || ended) return milliseconds(0);
    const auto began = clock::now();
    stopping.emit(boost::asio::cancellation_type::all);
    EXPECT_TRUE(run_until([&] { return ended; }));
    EXPECT_EQ(what_failed(), "");
    return std::chrono::duration_cast<milliseconds>(clock::now() - began);
  }

  std::string what_failed() const {
    try {
      if (failed) std::rethrow_exception(failed);
    } catch (const std::exception& fault) {
      return fault.what();
    }
    return {};
  }

  const core::image* seen_image(int number) const {
    seen_ = watch->current();
    if (!seen_) return nullptr;
    const auto found = std::ranges::find(seen_->what().images, image_id(number), &core::image::id);
    return found == seen_->what().images.end() ? nullptr : &*found;
  }
  const core::container* seen_container(int number) const {
    seen_ = watch->current();
    if (!seen_) return nullptr;
    const auto found = std::ranges::find(seen_->what().containers, container_id(number), &core::container::id);
    return found == seen_->what().containers.end() ? nullptr : &*found;
  }

  boost::asio::io_context context{1};
  fake_engine engine;
  fake_store store;
  fake_telemetry telemetry;
  captured_log log;
  app::watcher_options options;
  std::unique_ptr<app::watcher> watch;
  boost::asio::cancellation_signal stopping;
  bool ended = false;
  std::exception_ptr failed;
  mutable std::shared_ptr<const core::view> seen_;
};

}  // namespace docksweep::test
