// What is read of containers that stand still, how often, and what becomes of it.
#include "app/stopped_containers.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>

namespace docksweep {
namespace {

using core::container_state;
using core::failure_code;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// An engine of which only inspects of containers are asked.
class inspecting_engine final : public app::remover {
 public:
  std::map<std::string, core::container_details> containers;
  std::map<std::string, core::failure> failures;
  std::vector<std::string> asked;
  int in_flight = 0, most_in_flight = 0;
  std::function<void(const std::string&)> meanwhile;  // while an answer is on its way

  app::task<core::result<std::optional<core::container_details>>> container_details(std::string id) override {
    asked.push_back(id);
    most_in_flight = std::max(most_in_flight, ++in_flight);
    boost::asio::steady_timer turn(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(1));
    co_await turn.async_wait(boost::asio::use_awaitable);
    --in_flight;
    if (meanwhile) meanwhile(id);
    if (const auto failed = failures.find(id); failed != failures.end()) co_return std::unexpected(failed->second);
    const auto found = containers.find(id);
    if (found == containers.end()) co_return std::optional<core::container_details>();
    co_return std::optional(found->second);
  }

  app::task<core::result<app::image_removal>> remove_image(std::string) override { throw never(); }
  app::task<core::result<void>> remove_container(std::string) override { throw never(); }
  app::task<core::result<core::byte_count>> prune_build_cache(core::byte_count) override { throw never(); }
  app::task<core::result<void>> remove_volume(std::string) override { throw never(); }
  app::task<core::result<void>> tag_image(std::string, std::string) override { throw never(); }
  app::task<core::result<core::listing<core::container>>> holders_of_image(std::string) override { throw never(); }
  app::task<core::result<core::listing<core::container>>> holders_of_volume(std::string) override { throw never(); }

 private:
  static std::logic_error never() { return std::logic_error("only inspects are asked for"); }
};

class stopped_containers : public testing::Test {
 protected:
  // A container as the listing shows it and as the engine's inspect does.
  void add(const std::string& id, container_state state) {
    core::container one;
    one.id = id;
    one.image_id = "sha256:1";
    one.state = state;
    listed[id] = one;
    engine.containers[id] = {.id = id,
                             .finished_at = std::nullopt,
                             .restart_policy = "no",
                             .writable_bytes = 5,
                             .image_id = "sha256:1",
                             .state = state,
                             .inspect = "{}"};
  }

  // Returns how many could not be read.
  int read() {
    core::inventory what;
    for (const auto& [id, one] : listed) what.containers.push_back(one);
    std::optional<int> unread;
    std::exception_ptr thrown;
    {
      const core::view node(std::move(what));
      boost::asio::co_spawn(context, under_test.read(node), [&](std::exception_ptr error, int count) {
        thrown = error;
        unread = count;
      });
      context.restart();
      context.run_for(std::chrono::seconds(30));
    }
    if (thrown) std::rethrow_exception(thrown);
    return unread.value_or(-1);
  }

  std::vector<std::string> known() const {
    std::vector<std::string> ids;
    for (const auto& [id, one] : under_test.known()) ids.push_back(id);
    return ids;
  }
  std::vector<std::string> asked() {
    auto all = std::move(engine.asked);
    engine.asked.clear();
    return all;
  }

  boost::asio::io_context context{1};
  inspecting_engine engine;
  std::map<std::string, core::container> listed;
  app::stopped_containers under_test{engine};
};

TEST_F(stopped_containers, are_read_where_they_stand_still) {
  add("created", container_state::created);
  add("dead", container_state::dead);
  add("exited", container_state::exited);
  add("paused", container_state::paused);
  add("removing", container_state::removing);
  add("restarting", container_state::restarting);
  add("running", container_state::running);
  EXPECT_EQ(read(), 0);
  EXPECT_THAT(asked(), UnorderedElementsAre("created", "dead", "exited"));
  EXPECT_THAT(known(), UnorderedElementsAre("created", "dead", "exited"));
  EXPECT_EQ(under_test.known().at("exited").writable_bytes, 5);
}

TEST_F(stopped_containers, are_read_once_as_long_as_they_stay_as_they_are) {
  add("a", container_state::exited);
  add("b", container_state::exited);
  read();
  EXPECT_THAT(asked(), UnorderedElementsAre("a", "b"));
  listed["a"].status = "Exited (0) 5 minutes ago";  // the words change by themselves
  EXPECT_EQ(read(), 0);
  EXPECT_THAT(asked(), IsEmpty());
  EXPECT_THAT(known(), UnorderedElementsAre("a", "b"));
}

TEST_F(stopped_containers, are_read_again_in_another_state_or_of_another_image) {
  add("a", container_state::created);
  add("b", container_state::exited);
  add("c", container_state::exited);
  read();
  asked();
  add("a", container_state::exited);
  listed["b"].image_id = "sha256:2";
  EXPECT_EQ(read(), 0);
  EXPECT_THAT(asked(), UnorderedElementsAre("a", "b"));
  EXPECT_EQ(under_test.known().at("a").state, container_state::exited);
}

TEST_F(stopped_containers, are_dropped_when_they_run_or_are_gone) {
  add("runs", container_state::exited);
  add("gone", container_state::exited);
  add("stays", container_state::exited);
  read();
  listed["runs"].state = container_state::running;
  listed.erase("gone");
  EXPECT_EQ(read(), 0);
  EXPECT_THAT(known(), ElementsAre("stays"));
  listed["runs"].state = container_state::exited;
  asked();
  read();
  EXPECT_THAT(asked(), ElementsAre("runs"));
}

TEST_F(stopped_containers, named_by_an_event_are_read_again) {
  add("a", container_state::exited);
  read();
  asked();
  under_test.forget("a");
  EXPECT_THAT(known(), IsEmpty());
  engine.containers["a"].restart_policy = "always";
  read();
  EXPECT_THAT(asked(), ElementsAre("a"));
  EXPECT_EQ(under_test.known().at("a").restart_policy, "always");
}

TEST_F(stopped_containers, an_event_during_the_read_makes_its_answer_void) {
  add("a", container_state::exited);
  add("b", container_state::exited);
  engine.meanwhile = [this](const std::string& id) {
    if (id == "a") under_test.forget("a");
  };
  EXPECT_EQ(read(), 0);
  EXPECT_THAT(known(), ElementsAre("b"));
  engine.meanwhile = nullptr;
  read();
  EXPECT_THAT(known(), UnorderedElementsAre("a", "b"));
}

TEST_F(stopped_containers, that_run_by_now_or_are_gone_by_now_stay_absent_without_being_unreadable) {
  add("runs", container_state::exited);
  add("gone", container_state::exited);
  engine.containers["runs"].state = container_state::running;
  engine.containers.erase("gone");
  EXPECT_EQ(read(), 0);
  EXPECT_THAT(known(), IsEmpty());
}

TEST_F(stopped_containers, that_cannot_be_read_are_told_and_tried_again) {
  add("bad", container_state::exited);
  add("good", container_state::exited);
  engine.failures["bad"] = {failure_code::malformed, "odd", 200};
  EXPECT_EQ(read(), 1);
  EXPECT_THAT(known(), ElementsAre("good"));
  engine.failures.clear();
  asked();
  EXPECT_EQ(read(), 0);
  EXPECT_THAT(asked(), ElementsAre("bad"));
  EXPECT_THAT(known(), UnorderedElementsAre("bad", "good"));
}

// What was known of its former state is no answer for the new one.
TEST_F(stopped_containers, that_cannot_be_read_any_more_are_not_known_any_more) {
  add("a", container_state::created);
  read();
  listed["a"].state = container_state::exited;
  engine.failures["a"] = {failure_code::engine_error, "broken", 500};
  EXPECT_EQ(read(), 1);
  EXPECT_THAT(known(), IsEmpty());
}

TEST_F(stopped_containers, are_read_four_at_a_time) {
  for (int i = 0; i < 50; ++i) add("c" + std::to_string(i), container_state::exited);
  EXPECT_EQ(read(), 0);
  EXPECT_EQ(engine.most_in_flight, 4);
  EXPECT_EQ(known().size(), 50u);
}

TEST_F(stopped_containers, are_left_for_next_time_when_the_engine_is_gone) {
  for (int i = 0; i < 50; ++i) {
    add("c" + std::to_string(i), container_state::exited);
    engine.failures["c" + std::to_string(i)] = {failure_code::unreachable, "gone", 0};
  }
  EXPECT_EQ(read(), 50);
  EXPECT_LE(asked().size(), 8u);
  engine.failures.clear();
  EXPECT_EQ(read(), 0);
  EXPECT_EQ(known().size(), 50u);
}

}  // namespace
}  // namespace docksweep
