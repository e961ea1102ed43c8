// Polls: one question for each policy, what is counted, and that an outage ends nothing.
#include "app/alert_poll.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "app/triggered_node.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class scripted_source final : public alert_source {
 public:
  std::vector<core::alert> fires;
  bool down = false;
  std::vector<std::string> asked;
  task<core::result<std::vector<core::alert>>> active_alerts(std::vector<core::label_matcher> filters) override {
    std::string text;
    for (const auto& one : filters) text += one.canonical() + ";";
    asked.push_back(text);
    if (down) co_return core::fail(core::failure_code::unreachable, "nobody answers");
    co_return fires;
  }
};

core::alert alert_of(int number) {
  core::alert one;
  one.labels = {{"alertname", "A" + std::to_string(number)}};
  one.fingerprint = core::fingerprint_of(one.labels);
  return one;
}

class alert_polls : public testing::Test {
 protected:
  ~alert_polls() override {
    stopping.emit(boost::asio::cancellation_type::all);
    context.restart();
    context.run_for(5s);
  }
  void start(std::chrono::milliseconds interval) {
    poll = std::make_unique<alert_poll>(
        alert_poll::parts{
            .source = source,
            .counts = counts,
            .questions =
                [] {
                  std::vector<alert_question> all;
                  for (const auto* name : {"one", "two"}) {
                    all.push_back({.policy = name, .filters = *core::parse_matchers("a=\"b\",c!=d")});
                  }
                  return all;
                },
            .on_answer = [this](std::string policy, std::vector<core::alert> active) -> task<core::result<void>> {
              answers.push_back(policy + " " + std::to_string(active.size()));
              co_return core::result<void>();
            }},
        interval, 7);
    boost::asio::co_spawn(context, poll->run(),
                          boost::asio::bind_cancellation_slot(stopping.slot(), [](std::exception_ptr) {}));
  }
  bool polled(std::size_t questions) {
    const auto from = source.asked.size();
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (source.asked.size() < from + questions && std::chrono::steady_clock::now() < until) {
      context.restart();
      context.run_one_for(5ms);
    }
    return source.asked.size() >= from + questions;
  }

  scripted_source source;
  test::kept_alert_counts counts;
  std::vector<std::string> answers;
  boost::asio::io_context context{1};
  boost::asio::cancellation_signal stopping;
  std::unique_ptr<alert_poll> poll;
};

TEST_F(alert_polls, ask_for_each_policy_by_its_filters_and_hand_on_what_fires) {
  source.fires = {alert_of(1), alert_of(2)};
  start(10ms);
  ASSERT_TRUE(polled(2));
  EXPECT_THAT(source.asked, ElementsAre("a=\"b\";c!=\"d\";", "a=\"b\";c!=\"d\";"));
  EXPECT_THAT(answers, ElementsAre("one 2", "two 2"));
}

TEST_F(alert_polls, count_an_alert_when_it_comes_and_when_it_goes) {
  source.fires = {alert_of(1)};
  start(5ms);
  ASSERT_TRUE(polled(8));
  EXPECT_EQ(counts.received["alertmanager firing"], 1) << "once, for two policies and four polls";
  source.fires.clear();
  ASSERT_TRUE(polled(4));
  EXPECT_EQ(counts.received["alertmanager resolved"], 1);
}

TEST_F(alert_polls, take_an_outage_for_nothing_that_ended) {
  source.fires = {alert_of(1)};
  start(5ms);
  ASSERT_TRUE(polled(2));
  answers.clear();
  source.down = true;
  ASSERT_TRUE(polled(6));
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(counts.received["alertmanager resolved"], 0);
  source.down = false;
  ASSERT_TRUE(polled(4));
  EXPECT_EQ(counts.received["alertmanager firing"], 1) << "it is the same one";
}

}  // namespace
}  // namespace docksweep::app
