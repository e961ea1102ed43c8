// The event stream through the port: when it counts as open, what ends it, and disk usage one at a time.
#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using test::exchange;
using test::fixture;
using testing::HasSubstr;
using testing::MatchesRegex;
using namespace std::chrono_literals;

class follow_events : public test::engine_test {
 protected:
  core::failure follow() {
    return run(port().follow_events([this] { order.push_back("open"); },
                                    [this](const core::engine_event& event) { order.push_back(event.action); }));
  }
  std::vector<std::string> order;
};

TEST_F(follow_events, opens_delivers_and_says_why_it_ended) {
  server.on("/events", [](exchange& with) {
    with.begin_chunked();
    with.wait(50ms);
    with.chunk(fixture("docker-28/events.ndjson"));
    with.die();
  });
  const auto ended = follow();
  EXPECT_EQ(ended.code, failure_code::unreachable);
  ASSERT_EQ(order.size(), 20u);
  EXPECT_EQ(order.front(), "open");
  EXPECT_EQ(order[1], "tag");
  EXPECT_EQ(counts.requests["events"], 1);
  EXPECT_EQ(counts.failures["events"], 0);
}

// The engine sends its headers before it subscribes: what happens in between comes with `since`.
TEST_F(follow_events, asks_for_what_happened_since_the_engines_own_clock) {
  server.set_headers("Date: Mon, 23 Nov 2026 17:10:51 GMT\r\n");
  server.on("/events", [](exchange& with) {
    with.begin_chunked();
    with.end_chunked();
  });
  follow();
  EXPECT_EQ(server.calls().back(), "GET /v1.41/events?since=1795453851");
}

TEST_F(follow_events, uses_its_own_clock_where_the_engine_names_none) {
  server.on("/events", [](exchange& with) {
    with.begin_chunked();
    with.end_chunked();
  });
  const auto before = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  follow();
  const auto call = server.calls().back();
  const auto since = std::stoll(call.substr(call.find('=') + 1));
  EXPECT_LE(since, before + 2);
  EXPECT_GE(since, before - 2);
}

TEST_F(follow_events, a_refusal_carries_the_engines_words) {
  server.answer("/events", R"({"message":"too many listeners"})", 500);
  const auto ended = follow();
  EXPECT_EQ(ended.code, failure_code::engine_error);
  EXPECT_THAT(ended.message, HasSubstr("too many listeners"));
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(counts.failures["events"], 1);
}

TEST_F(follow_events, an_idle_stream_is_no_dead_stream) {
  options.timeout = 1s;
  server.on("/events", [](exchange& with) {
    with.begin_chunked();
    with.wait(1500ms);
    with.chunk(R"({"Type":"image","Action":"tag","Actor":{"ID":"x"}})");
    with.end_chunked();
  });
  follow();
  EXPECT_EQ(order, (std::vector<std::string>{"open", "tag"}));
}

TEST_F(follow_events, other_calls_go_on_beside_the_stream) {
  record("docker-28", "1.51");
  server.on("/events", [](exchange& with) {
    with.begin_chunked();
    with.hang();
  });
  boost::asio::cancellation_signal stop;
  bool ended = false, listed = false;
  boost::asio::co_spawn(
      context,
      port().follow_events(
          [&] {
            boost::asio::co_spawn(context, port().list_images({}),
                                  [&](std::exception_ptr, core::result<core::listing<core::image>> listing) {
                                    listed = listing.has_value();
                                    stop.emit(boost::asio::cancellation_type::terminal);
                                  });
          },
          [](const core::engine_event&) {}),
      boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, core::failure) { ended = true; }));
  context.run_for(5s);
  EXPECT_TRUE(listed);
  EXPECT_TRUE(ended);  // and nothing is left to do: run() has returned
}

TEST_F(follow_events, disk_usage_is_asked_for_by_one_at_a_time) {
  record("docker-20.10", "1.41");
  std::atomic<int> running = 0, most = 0;
  server.on("/system/df", [&](exchange& with) {
    most = std::max<int>(most, ++running);
    with.wait(100ms);
    --running;
    with.reply(200, fixture("docker-20.10/df.json"));
  });
  int done = 0;
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(context, port().disk_usage(),
                          [&](std::exception_ptr, core::result<core::disk_usage> usage) { done += usage.has_value(); });
  }
  context.run_for(10s);
  EXPECT_EQ(done, 2);
  EXPECT_EQ(most, 1);
}

TEST_F(follow_events, disk_usage_waits_for_somebody_elses_question) {
  record("docker-20.10", "1.41");
  server.on("/system/df", [this](exchange& with) {
    if (server.count("/system/df") == 1) {
      with.reply(500, R"({"message":"a disk usage operation is already running"})");
    } else {
      with.reply(200, fixture("docker-20.10/df.json"));
    }
  });
  const auto usage = run(port().disk_usage());
  ASSERT_TRUE(usage) << usage.error().message;
  EXPECT_EQ(server.count("/system/df"), 2);
}

TEST_F(follow_events, disk_usage_gives_other_errors_back) {
  server.answer("/system/df", R"({"message":"disk on fire"})", 500);
  const auto usage = run(port().disk_usage());
  ASSERT_FALSE(usage);
  EXPECT_THAT(usage.error().message, HasSubstr("disk on fire"));
  EXPECT_EQ(server.count("/system/df"), 1);
}

}  // namespace
}  // namespace docksweep
