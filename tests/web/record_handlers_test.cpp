// GET /api/v1/plan and /api/v1/history over a real socket.
#include <gtest/gtest.h>

#include "web/client.hpp"
#include "web/live_server.hpp"

namespace docksweep::web::testing {
namespace {

TEST(record_handlers, answer_with_the_plan_of_the_policy_that_was_named) {
  live_server server(local_options());
  client one(server.where());
  const auto named = one.ask(get("/api/v1/plan?policy=nightly"));
  EXPECT_EQ(named.status, 200);
  EXPECT_EQ(named.header("content-type"), "application/json");
  EXPECT_EQ(named.header("cache-control"), "no-store");
  EXPECT_EQ(named.body, R"({"policy":"nightly"})");
  EXPECT_EQ(one.ask(get("/api/v1/plan")).body, R"({"policy":""})");
  EXPECT_EQ(server.counts().counted("plan", 200), 2);
}

TEST(record_handlers, know_no_policy_that_is_not_configured) {
  live_server server(local_options());
  client one(server.where());
  const auto unknown = one.ask(get("/api/v1/plan?policy=nope"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "There is no policy nope; there are nightly.\n");
}

TEST(record_handlers, wait_for_an_answer_that_takes_its_time_and_serve_others_meanwhile) {
  test_content content;
  content.plan_takes = std::chrono::milliseconds(300);
  live_server server(local_options(), content);
  client slow(server.where()), quick(server.where());
  slow.send(get("/api/v1/plan?policy=nightly"));
  EXPECT_EQ(quick.ask(get("/-/healthy")).status, 200);
  EXPECT_EQ(slow.read().body, R"({"policy":"nightly"})");
}

TEST(record_handlers, hand_on_what_history_is_asked_for) {
  live_server server(local_options());
  client one(server.where());
  EXPECT_EQ(one.ask(get("/api/v1/history")).body, R"([-1,"",50])");
  EXPECT_EQ(one.ask(get("/api/v1/history?since=2026-11-20T14%3A00%3A00Z&policy=night%6Cy&limit=7")).body,
            R"([1795183200,"nightly",7])");
}

TEST(record_handlers, refuse_what_they_do_not_understand) {
  live_server server(local_options());
  client one(server.where());
  for (const auto* path : {"/api/v1/plan?polcy=nightly", "/api/v1/plan?policy=a&policy=b", "/api/v1/plan?policy=%4",
                           "/api/v1/history?since=yesterday", "/api/v1/history?limit=0", "/api/v1/history?limit=7x",
                           "/api/v1/history?limit=1001", "/api/v1/history?sweep=1"}) {
    EXPECT_EQ(one.ask(get(path)).status, 400) << path;
  }
  EXPECT_EQ(one.ask(get("/api/v1/history?limit=1000")).status, 200);
}

TEST(record_handlers, say_why_there_is_no_answer_now) {
  test_content content;
  content.has_plan = false;
  live_server server(local_options(), content);
  client one(server.where());
  const auto plan = one.ask(get("/api/v1/plan"));
  EXPECT_EQ(plan.status, 503);
  EXPECT_EQ(plan.body, "The engine does not answer.\n");
  EXPECT_EQ(one.ask(get("/api/v1/history")).status, 503);
}

TEST(record_handlers, answer_head_and_refuse_post) {
  live_server server(local_options());
  client one(server.where());
  const auto head = one.ask("HEAD /api/v1/plan HTTP/1.1\r\nHost: localhost\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "13");
  const auto post = one.ask("POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.header("allow"), "GET, HEAD");
}

TEST(record_handlers, are_open_to_whom_the_inventory_is) {
  auto options = local_options();
  temporary_folder folder;
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options);
  client one(server.where());
  for (const auto* path : {"/api/v1/inventory", "/api/v1/plan", "/api/v1/history"}) {
    EXPECT_EQ(one.ask(get(path)).status, 401) << path;
    EXPECT_EQ(one.ask(get(path, "Authorization: Bearer 0123456789abcdef0123\r\n")).status, 200) << path;
  }
  // Another site's page that a browser on this machine has open, by a name that it rebound to loopback.
  live_server open(local_options());
  for (const std::string path : {"/api/v1/plan", "/api/v1/history"}) {
    client browser(open.where());
    EXPECT_EQ(browser.ask("GET " + path + " HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 403) << path;
  }
}

TEST(parse_query, resolves_escapes_and_refuses_broken_ones) {
  EXPECT_EQ(parse_query(""), header_list{});
  EXPECT_EQ(parse_query("a=1&&b=x%26y+z&c&d=e=f"), (header_list{{"a", "1"}, {"b", "x&y z"}, {"c", ""}, {"d", "e=f"}}));
  EXPECT_EQ(parse_query("a=%4"), std::nullopt);
  EXPECT_EQ(parse_query("a=%00"), std::nullopt);
}

}  // namespace
}  // namespace docksweep::web::testing
