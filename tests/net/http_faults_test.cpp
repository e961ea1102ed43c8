// What the client makes of servers that hang, lie, break off and flood.
#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/http_client_fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using test::exchange;
using testing::HasSubstr;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

struct fault {
  std::string name;
  test::script what;
  failure_code code;
  std::string words;
};

class http_fault : public test::http_client_test, public testing::WithParamInterface<fault> {};

// Each is a failure with its own code, in good time, and the next call works.
TEST_P(http_fault, is_told_apart) {
  timeout = 300ms;
  body_limit_bytes = 10000;
  server.on("/fault", GetParam().what);
  server.answer("/good", "1");
  const auto began = clock::now();
  const auto response = get("/fault");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, GetParam().code) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr(GetParam().words));
  EXPECT_THAT(response.error().message, HasSubstr("the engine at unix://"));
  EXPECT_LT(clock::now() - began, 1500ms);
  timeout = 10s;
  EXPECT_TRUE(get("/good"));
}

const std::string response_head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

const fault faults[] = {
    {"hangs_before_the_answer", [](exchange& with) { with.hang(); }, failure_code::timeout, "GET /fault within 0.3 s"},
    {"hangs_in_the_headers",
     [](exchange& with) {
       with.raw("HTTP/1.1 200 OK\r\nContent-");
       with.hang();
     },
     failure_code::timeout, "within 0.3 s"},
    {"hangs_in_the_body",
     [](exchange& with) {
       with.begin_chunked();
       with.chunk("[");
       with.hang();
     },
     failure_code::timeout, "within 0.3 s"},
    // Each part comes soon after the one before, but the whole takes too long: the deadline is for all of it.
    {"trickles_for_ever",
     [](exchange& with) {
       with.begin_chunked();
       for (int i = 0; i < 200 && with.wait(20ms); ++i) with.chunk("x");
     },
     failure_code::timeout, "within 0.3 s"},
    {"closes_without_an_answer", [](exchange& with) { with.close(); }, failure_code::unreachable, "cannot be reached"},
    {"is_killed", [](exchange& with) { with.die(); }, failure_code::unreachable, "cannot be reached"},
    {"breaks_off_in_the_headers",
     [](exchange& with) {
       with.raw("HTTP/1.1 200 OK\r\nConte");
       with.close();
     },
     failure_code::unreachable, "in the middle of its answer"},
    {"breaks_off_in_a_body_of_known_length",
     [](exchange& with) {
       with.raw(response_head + "Content-Length: 100\r\n\r\n[1,2");
       with.close();
     },
     failure_code::unreachable, "the answer broke off of GET /fault"},
    {"breaks_off_in_a_chunk",
     [](exchange& with) {
       with.begin_chunked();
       with.raw("40\r\n[1,2");
       with.close();
     },
     failure_code::unreachable, "in the middle of its answer"},
    {"breaks_off_between_chunks",
     [](exchange& with) {
       with.begin_chunked();
       with.chunk("[1,2");
       with.close();
     },
     failure_code::unreachable, "in the middle of its answer"},
    {"is_no_http",
     [](exchange& with) {
       with.raw("SSH-2.0-OpenSSH_9.2\r\n\r\n");
       with.close();
     },
     failure_code::malformed, "not HTTP"},
    {"announces_too_much", [](exchange& with) { with.reply(200, std::string(10001, 'x')); }, failure_code::too_large,
     "10000 bytes"},
    {"sends_too_many_chunks",
     [](exchange& with) {
       with.begin_chunked();
       for (int i = 0; i < 100; ++i) with.chunk(std::string(1000, 'x'));
       with.end_chunked();
     },
     failure_code::too_large, "larger than the limit"},
    {"sends_until_it_closes",
     [](exchange& with) {
       with.raw(response_head + "\r\n" + std::string(20000, 'x'));
       with.close();
     },
     failure_code::too_large, "larger than the limit"},
    {"sends_endless_headers",
     [](exchange& with) { with.raw("HTTP/1.1 200 OK\r\nX-Long: " + std::string(60000, 'x') + "\r\n\r\n"); },
     failure_code::too_large, "headers"},
    {"announces_a_bad_chunk",
     [](exchange& with) {
       with.begin_chunked();
       with.raw("zz\r\nxx\r\n");
     },
     failure_code::malformed, "not HTTP"},
};
INSTANTIATE_TEST_SUITE_P(all, http_fault, testing::ValuesIn(faults), [](const auto& row) { return row.param.name; });

class http_faults : public test::http_client_test {};

TEST_F(http_faults, a_body_of_exactly_the_limit_is_fine) {
  body_limit_bytes = 10000;
  server.answer("/a", std::string(10000, 'x'));
  EXPECT_TRUE(get("/a"));
}

// The connection dies at the moment of the second request, after the check for a stale one: only then is it sent again.
TEST_F(http_faults, a_get_on_a_dying_kept_connection_is_sent_once_more) {
  server.on("/a", [](exchange& with) {
    if (with.request.connection == 1 && with.request.target == "/a?second") {
      with.close();
    } else {
      with.reply(200, "1");
    }
  });
  ASSERT_TRUE(get("/a"));
  const auto second = get("/a?second");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.count("/a"), 3);
}

TEST_F(http_faults, a_get_is_not_sent_a_third_time) {
  server.on("/a", [](exchange& with) {
    if (with.request.target == "/a?second") {
      with.close();
    } else {
      with.reply(200, "1");
    }
  });
  ASSERT_TRUE(get("/a"));
  EXPECT_FALSE(get("/a?second"));
  EXPECT_EQ(server.count("/a"), 3);
}

TEST_F(http_faults, a_delete_is_never_sent_twice) {
  server.answer("/a", "1");
  server.on("/victim", [](exchange& with) { with.close(); });
  ASSERT_TRUE(get("/a"));
  net::http_request request;
  request.what = net::verb::remove;
  request.target = "/victim";
  const auto response = test::run_task(context, client().send(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(server.count("/victim"), 1);
}

TEST_F(http_faults, an_answer_that_has_begun_is_not_asked_for_again) {
  server.on("/a", [](exchange& with) {
    if (with.request.target == "/a?second") {
      with.raw("HTTP/1.1 200");
      with.close();
    } else {
      with.reply(200, "1");
    }
  });
  ASSERT_TRUE(get("/a"));
  EXPECT_FALSE(get("/a?second"));
  EXPECT_EQ(server.count("/a"), 2);
}

TEST_F(http_faults, no_socket_there_says_so) {
  net::endpoint where;
  where.path = "/nonexistent/docker.sock";
  net::http_client nobody(context.get_executor(), where, {.peer = "the engine", .trace = {}});
  net::http_request request;
  request.target = "/_ping";
  const auto response = test::run_task(context, nobody.send(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::unreachable);
  EXPECT_EQ(
      response.error().message,
      "the engine at unix:///nonexistent/docker.sock cannot be reached: No such file or directory; is it running, "
      "and is this the right path?");
}

TEST_F(http_faults, a_socket_without_a_listener_says_so) {
  ASSERT_TRUE(get("/_ping"));
  server.stop();
  const auto response = get("/_ping");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, failure_code::unreachable);
  EXPECT_THAT(response.error().message, HasSubstr("nobody listens"));
}

TEST_F(http_faults, cancelling_ends_a_call_at_once_and_leaves_the_client_usable) {
  server.on("/hang", [](exchange& with) { with.hang(); });
  server.answer("/a", "1");
  boost::asio::cancellation_signal stop;
  net::http_request request;
  request.target = "/hang";
  bool ended = false;
  core::result<net::http_response> outcome;
  boost::asio::co_spawn(context, client().send(std::move(request)),
                        boost::asio::bind_cancellation_slot(
                            stop.slot(), [&](std::exception_ptr thrown, core::result<net::http_response> response) {
                              ended = true;
                              if (!thrown) outcome = std::move(response);
                            }));
  boost::asio::steady_timer soon(context, 100ms);
  soon.async_wait([&](const auto&) { stop.emit(boost::asio::cancellation_type::terminal); });
  const auto began = clock::now();
  context.run_for(5s);
  EXPECT_TRUE(ended);
  EXPECT_LT(clock::now() - began, 2s);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, failure_code::cancelled);
  EXPECT_TRUE(get("/a"));
}

TEST_F(http_faults, a_silent_stream_outlives_the_deadline_of_its_headers) {
  timeout = 1s;
  server.on("/events", [](exchange& with) {
    with.begin_chunked();
    with.wait(1500ms);
    with.chunk("late");
    with.die();
  });
  std::string seen;
  net::http_request request;
  request.target = "/events";
  request.timeout = timeout;
  const auto ended = test::run_task(
      context,
      client().stream(request, [](const net::http_response&) {}, [&](std::string_view piece) { seen += piece; }));
  EXPECT_FALSE(ended);
  EXPECT_EQ(seen, "late");
}

TEST_F(http_faults, a_stream_that_never_opens_times_out) {
  server.on("/events", [](exchange& with) { with.hang(); });
  net::http_request request;
  request.target = "/events";
  request.timeout = 100ms;
  const auto ended = test::run_task(
      context, client().stream(request, [](const net::http_response&) { FAIL(); }, [](std::string_view) {}));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, failure_code::timeout);
}

}  // namespace
}  // namespace docksweep
