// The client's ordinary business: bodies, sinks, kept connections, trace.
#include <gmock/gmock.h>

#include "net/http_client_fixture.hpp"

namespace docksweep {
namespace {

using test::exchange;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using namespace std::chrono_literals;

class http_client : public test::http_client_test {};

TEST_F(http_client, reads_a_body_and_headers) {
  server.answer("/a", R"({"a":1})");
  const auto response = get("/a?x=1");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, R"({"a":1})");
  EXPECT_EQ(response->body_bytes, 7u);
  EXPECT_EQ(response->header("content-TYPE"), "application/json");
  EXPECT_EQ(response->header("absent"), "");
  const auto request = server.requests().front();
  EXPECT_EQ(request.target, "/a?x=1");
  EXPECT_EQ(request.header("Host"), "localhost");
  EXPECT_EQ(request.header("Content-Length"), "");
}

TEST_F(http_client, reads_chunks_that_trickle_in) {
  server.on("/slow", [](exchange& with) {
    with.begin_chunked();
    for (const char* part : {"[1", ",2", ",3]"}) {
      with.chunk(part);
      with.wait(20ms);
    }
    with.end_chunked();
  });
  const auto response = get("/slow");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "[1,2,3]");
}

TEST_F(http_client, hands_a_body_over_in_pieces_without_keeping_it) {
  server.answer("/big", std::string(300000, 'x'));
  std::size_t pieces = 0, bytes = 0, largest = 0;
  const auto response = get("/big", [&](std::string_view piece) {
    ++pieces;
    bytes += piece.size();
    largest = std::max(largest, piece.size());
  });
  ASSERT_TRUE(response);
  EXPECT_EQ(bytes, 300000u);
  EXPECT_EQ(response->body_bytes, 300000u);
  EXPECT_LE(largest, 32u << 10);
  EXPECT_GT(pieces, 1u);
  EXPECT_TRUE(response->body.empty());
}

TEST_F(http_client, the_body_of_an_error_is_no_business_of_the_sink) {
  server.answer("/gone", R"({"message":"no"})", 404);
  bool called = false;
  const auto response = get("/gone", [&](std::string_view) { called = true; });
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, R"({"message":"no"})");
  EXPECT_FALSE(called);
}

TEST_F(http_client, keeps_only_the_beginning_of_a_long_error) {
  server.answer("/error", std::string(200000, 'e'), 500);
  const auto response = get("/error");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.size(), net::error_body_limit_bytes);
  EXPECT_EQ(response->body_bytes, 200000u);
}

TEST_F(http_client, an_exception_of_the_sink_comes_out_of_the_call) {
  server.answer("/a", "text");
  EXPECT_THROW(get("/a", [](std::string_view) { throw std::runtime_error("sink"); }), std::runtime_error);
  EXPECT_TRUE(get("/a"));
}

TEST_F(http_client, head_and_no_content_have_no_body) {
  server.on("/head", [](exchange& with) { with.reply(200, "not sent"); });
  server.answer("/empty", "", 204);
  net::http_request request;
  request.what = net::verb::head;
  request.target = "/head";
  const auto head = test::run_task(context, client().send(request));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->body, "");
  EXPECT_TRUE(get("/empty"));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(http_client, sends_a_body_with_its_length) {
  server.answer("/post", "{}", 201);
  net::http_request request;
  request.what = net::verb::post;
  request.target = "/post";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"a":1})";
  ASSERT_TRUE(test::run_task(context, client().send(request)));
  const auto seen = server.requests().front();
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.body, R"({"a":1})");
  EXPECT_EQ(seen.header("content-type"), "application/json");
}

TEST_F(http_client, uses_one_connection_again) {
  server.answer("/a", "1");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(get("/a"));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(http_client, takes_more_connections_for_calls_at_the_same_time) {
  server.on("/a", [](exchange& with) {
    with.wait(50ms);
    with.reply(200, "1");
  });
  int done = 0;
  for (int i = 0; i < 3; ++i) {
    net::http_request request;
    request.target = "/a";
    boost::asio::co_spawn(
        context, client().send(std::move(request)),
        [&](std::exception_ptr, core::result<net::http_response> response) { done += response.has_value(); });
  }
  context.run_for(10s);
  EXPECT_EQ(done, 3);
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(http_client, a_connection_that_the_server_closed_meanwhile_is_replaced) {
  server.on("/a", [](exchange& with) {
    with.reply(200, "1");
    with.close();
  });
  ASSERT_TRUE(get("/a"));
  std::this_thread::sleep_for(50ms);
  const auto again = get("/a");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.count("/a"), 2);
}

TEST_F(http_client, connection_close_is_obeyed) {
  server.on("/a", [](exchange& with) {
    with.reply(200, "1", "text/plain", "Connection: close\r\n");
    with.wait(200ms);
  });
  ASSERT_TRUE(get("/a"));
  ASSERT_TRUE(get("/a"));
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(http_client, survives_a_restart_of_the_server) {
  server.answer("/a", "1");
  ASSERT_TRUE(get("/a"));
  server.stop();
  const auto down = get("/a");
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, core::failure_code::unreachable);
  server.start();
  EXPECT_TRUE(get("/a"));
}

TEST_F(http_client, traces_each_call_and_what_came_of_it) {
  server.answer("/v1.41/x", "nothing here", 404);
  ASSERT_TRUE(get("/v1.41/x?a=1"));
  ASSERT_EQ(trace.size(), 2u);
  EXPECT_EQ(trace[0], "curl --unix-socket " + server.where().path + " 'http://localhost/v1.41/x?a=1'");
  EXPECT_THAT(trace[1], MatchesRegex("# 404 in [0-9.]+ ms, [0-9]+ bytes"));
  server.stop();
  ASSERT_FALSE(get("/a"));
  EXPECT_THAT(trace[3], HasSubstr("# failed after"));
}

TEST_F(http_client, streams_until_the_server_ends_it) {
  server.on("/events", [](exchange& with) {
    with.begin_chunked();
    with.chunk("one");
    with.wait(30ms);
    with.chunk("two");
    with.end_chunked();
  });
  std::string order;
  net::http_request request;
  request.target = "/events";
  const auto ended = test::run_task(context, client().stream(
                                                 request, [&](const net::http_response&) { order += "open "; },
                                                 [&](std::string_view piece) { order += std::string(piece) + " "; }));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, core::failure_code::unreachable);
  EXPECT_EQ(order, "open one two ");
}

}  // namespace
}  // namespace docksweep
