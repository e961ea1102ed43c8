// An engine that behaves: it holds images and containers, sends events, and records every call with its time. Each call
// can be made slow, to fail, or to hang until it is cancelled.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/engine.hpp"

namespace docksweep::test {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct fake_call {
  std::string what;  // "list_images", "find_image sha256:…", …
  clock::time_point began;
  clock::time_point ended;
};

class fake_engine final : public app::engine {
 public:
  // What the engine holds; tests change it as they like.
  core::engine_identity identity{
      "engine-1", "docker", "28.5.2", "1.51", "overlay2", core::image_store::graphdriver, "/var/lib/docker"};
  std::map<std::string, core::image> images;
  std::map<std::string, core::container> containers;
  std::map<std::string, core::image_details> details;
  core::disk_usage usage;
  std::optional<milliseconds> stream_lasts;  // then it ends by itself
  int unreadable = 0;  // entries without a readable ID in each listing of images

  // Per call name (its first word): how long it takes, how it fails, whether it hangs. A failure is used `times` times.
  std::map<std::string, milliseconds> delay;
  std::map<std::string, std::deque<core::failure>> failures;
  std::map<std::string, bool> hangs;
  std::map<std::string, core::failure> odd;  // whole call → how it always fails
  // Called when a call has begun and before it looks at what the engine holds.
  std::function<void(const std::string&)> on_call;
  // Called when the answer of a call was made, before it is handed out (after it: the answer is already old).
  std::function<void(const std::string&)> on_answer;

  std::vector<fake_call> calls;
  int in_flight_listings = 0, most_listings = 0, in_flight = 0, most_in_flight = 0;

  std::size_t count(const std::string& word) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(calls, [&](const fake_call& c) { return first_word(c.what) == word; }));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const fake_call& c : calls) all.push_back(c.what);
    return all;
  }

  void send(core::engine_event event) {
    if (on_event_) on_event_(event);
  }
  bool stream_open() const { return static_cast<bool>(on_event_); }
  void cut_stream() {
    if (stream_end_ != nullptr) stream_end_->cancel();
  }

  app::task<core::result<core::engine_identity>> identify() override {
    auto failed = co_await call("identify");
    if (failed) co_return std::unexpected(*failed);
    co_return identity;
  }
  app::task<core::result<void>> check_answers() override {
    auto failed = co_await call("check_answers");
    if (failed) co_return std::unexpected(*failed);
    co_return core::result<void>();
  }
  app::task<core::result<void>> check_lists() override {
    auto failed = co_await call("check_lists");
    if (failed) co_return std::unexpected(*failed);
    co_return core::result<void>();
  }
  app::task<core::result<core::listing<core::image>>> list_images(app::engine_filters) override {
    ++in_flight_listings;
    most_listings = std::max(most_listings, in_flight_listings);
    core::listing<core::image> all;
    // What a slow listing shows is what was there when it began.
    for (const auto& [id, image] : images) all.items.push_back(image);
    std::ranges::reverse(all.items);
    all.unreadable = unreadable;
    auto failed = co_await call("list_images");
    --in_flight_listings;
    if (failed) co_return std::unexpected(*failed);
    co_return all;
  }
  app::task<core::result<core::listing<core::container>>> list_containers(app::engine_filters, bool) override {
    core::listing<core::container> all;
    for (const auto& [id, container] : containers) all.items.push_back(container);
    auto failed = co_await call("list_containers");
    if (failed) co_return std::unexpected(*failed);
    co_return all;
  }
  app::task<core::result<std::optional<core::image>>> find_image(std::string name) override {
    auto failed = co_await call("find_image " + name);
    if (failed) co_return std::unexpected(*failed);
    for (const auto& [id, image] : images) {
      if (id != name && std::ranges::find(image.tags, name) == image.tags.end()) continue;
      std::optional<core::image> found = image;
      // Docker's containerd store lists by name alone, and tells the size in listings alone.
      if (identity.store == core::image_store::containerd && image.tags.empty()) found->size.reset();
      co_return found;
    }
    co_return std::optional<core::image>();
  }
  app::task<core::result<core::image_details>> image_details(std::string id) override {
    auto failed = co_await call("image_details " + id);
    if (failed) co_return std::unexpected(*failed);
    const auto found = details.find(id);
    if (found != details.end()) co_return found->second;
    if (!images.contains(id)) co_return core::fail(core::failure_code::not_found, "No such image: " + id, 404);
    core::image_details made;
    made.id = id;
    made.diff_ids = made.chain_ids = {"sha256:" + std::string(64, 'd')};
    made.history_sizes = {100};
    made.has_history = true;
    co_return made;
  }
  app::task<core::result<std::optional<core::container>>> find_container(std::string id) override {
    std::optional<core::container> found;
    if (const auto at = containers.find(id); at != containers.end()) found = at->second;
    auto failed = co_await call("find_container " + id);
    if (failed) co_return std::unexpected(*failed);
    co_return found;
  }
  app::task<core::result<core::disk_usage>> disk_usage() override {
    auto failed = co_await call("disk_usage");
    if (failed) co_return std::unexpected(*failed);
    core::disk_usage now = usage;
    now.made_at = std::chrono::system_clock::now();
    co_return now;
  }
  app::task<core::failure> follow_events(std::function<void()> on_open,
                                         std::function<void(const core::engine_event&)> on_event) override {
    auto failed = co_await call("follow_events");
    if (failed) co_return *failed;
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer end(executor, stream_lasts ? clock::now() + *stream_lasts : clock::time_point::max());
    const stream_guard guard(*this, end, std::move(on_event));
    on_open();
    co_await end.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return core::failure{core::failure_code::unreachable, "the event stream ended", 0};
  }

 private:
  static std::string first_word(const std::string& what) { return what.substr(0, what.find(' ')); }

  struct stream_guard {
    fake_engine& owner;
    stream_guard(fake_engine& engine, boost::asio::steady_timer& end,
                 std::function<void(const core::engine_event&)> on_event)
        : owner(engine) {
      owner.stream_end_ = &end;
      owner.on_event_ = std::move(on_event);
    }
    ~stream_guard() {
      owner.stream_end_ = nullptr;
      owner.on_event_ = nullptr;
    }
    stream_guard(const stream_guard&) = delete;
    stream_guard& operator=(const stream_guard&) = delete;
  };
  struct flight {
    int& count;
    explicit flight(int& c) : count(++c) {}
    ~flight() { --count; }
    flight(const flight&) = delete;
    flight& operator=(const flight&) = delete;
  };

  app::task<std::optional<core::failure>> call(std::string what) {
    const std::string word = first_word(what);
    const std::size_t mine = calls.size();
    const auto began = clock::now();
    calls.push_back({what, began, {}});
    const flight here(in_flight);
    most_in_flight = std::max(most_in_flight, in_flight);
    if (on_call) on_call(what);
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer(executor);
    if (hangs[word]) {
      timer.expires_at(clock::time_point::max());
    } else {
      timer.expires_after(delay[word]);
    }
    co_await timer.async_wait(boost::asio::use_awaitable);
    // A test may have cleared them meanwhile.
    if (mine < calls.size() && calls[mine].began == began) calls[mine].ended = clock::now();
    if (on_answer) on_answer(what);
    if (const auto always = odd.find(what); always != odd.end()) co_return always->second;
    auto& planned = failures[word];
    if (planned.empty()) co_return std::nullopt;
    const core::failure next = planned.front();
    planned.pop_front();
    co_return next;
  }

  std::function<void(const core::engine_event&)> on_event_;
  boost::asio::steady_timer* stream_end_ = nullptr;
};

}  // namespace docksweep::test
