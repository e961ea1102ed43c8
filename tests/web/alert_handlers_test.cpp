// POST /api/v1/alerts, POST /api/v1/sweep and GET /api/v1/sweeps/ID over a real socket.
#include <gtest/gtest.h>

#include "web/client.hpp"
#include "web/live_server.hpp"

namespace docksweep::web::testing {
namespace {

constexpr const char* token = "Authorization: Bearer 0123456789abcdef0123\r\n";

std::string webhook(const std::string& name, const std::string& status = "firing") {
  return R"({"version":"4","truncatedAlerts":2,"alerts":[{"status":")" + status + R"(","labels":{"alertname":")" +
         name + R"("},"startsAt":"2026-11-24T10:00:00Z","fingerprint":"00000000000000aa"}]})";
}

class alert_handlers : public ::testing::Test {
 protected:
  answer send(const std::string& path, const std::string& body = "", const char* headers = token) {
    if (!server) {
      auto options = local_options();
      options.token_file = folder.write("token", "0123456789abcdef0123\n");
      server.emplace(std::move(options), content);
    }
    return client(server->where()).ask(post(path, headers, body));
  }
  answer fetch(const std::string& path) { return client(server->where()).ask(get(path, token)); }

  temporary_folder folder;
  test_content content;
  std::optional<live_server> server;
};

TEST_F(alert_handlers, say_what_becomes_of_each_alert) {
  const auto queued = send("/api/v1/alerts", webhook("queued"));
  EXPECT_EQ(queued.status, 202);
  EXPECT_EQ(queued.header("content-type"), "application/json");
  EXPECT_EQ(queued.body,
            R"({"alerts":[{"alertname":"queued","fingerprint":"00000000000000aa","status":"firing","result":"queued",)"
            R"("policies":["nightly"]}],"truncated":2})"
            "\n");
  for (const auto* result : {"duplicate", "cooling_down", "resolved", "other_node", "unmatched"}) {
    const auto other = send("/api/v1/alerts", webhook(result));
    EXPECT_EQ(other.status, 200) << result;
    EXPECT_NE(other.body.find("\"result\":\"" + std::string(result)), std::string::npos) << other.body;
  }
  EXPECT_EQ(server->counts().counted("alerts", 202), 1);
  EXPECT_EQ(server->counts().counted("alerts", 200), 5);
}

TEST_F(alert_handlers, refuse_for_good_what_is_no_webhook) {
  const auto foreign = send("/api/v1/alerts", R"({"text":"from Slack"})");
  EXPECT_EQ(foreign.status, 400);
  EXPECT_EQ(foreign.body, "this is no webhook of Alertmanager: it has no \"version\"\n");
  EXPECT_EQ(send("/api/v1/alerts", webhook("queued").substr(0, 50)).status, 400);
  EXPECT_EQ(send("/api/v1/alerts").status, 400);
  EXPECT_EQ(server->counts().counted("alerts", 400), 3);
  client one(server->where());
  one.send("POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 4194305\r\n" + std::string(token) + "\r\n");
  EXPECT_EQ(one.read().status, 413);
  EXPECT_EQ(server->counts().counted("alerts", 413), 1);
}

TEST_F(alert_handlers, ask_for_it_again_only_while_it_cannot_be_taken) {
  content.has_plan = false;
  const auto later = send("/api/v1/alerts", webhook("queued"));
  EXPECT_EQ(later.status, 503);
  EXPECT_EQ(later.header("retry-after"), "10");
}

TEST_F(alert_handlers, let_nobody_in_without_a_credential) {
  EXPECT_EQ(send("/api/v1/alerts", webhook("queued"), "").status, 401);
  EXPECT_EQ(send("/api/v1/alerts", webhook("queued"), "Authorization: Bearer wrong\r\n").status, 401);
  EXPECT_EQ(send("/api/v1/sweep?policy=nightly", "", "").status, 401);
  EXPECT_EQ(server->counts().counted("alerts", 401), 2);
  live_server open(local_options());
  const auto none = client(open.where()).ask(post("/api/v1/alerts", "", webhook("queued")));
  EXPECT_EQ(none.status, 403);
  EXPECT_NE(none.body.find("token_file"), std::string::npos);
  EXPECT_EQ(fetch("/api/v1/alerts").status, 405);
}

TEST_F(alert_handlers, begin_a_sweep_and_say_where_to_follow_it) {
  const auto begun = send("/api/v1/sweep?policy=nightly");
  EXPECT_EQ(begun.status, 202);
  EXPECT_EQ(begun.header("location"), "/api/v1/sweeps/17");
  EXPECT_EQ(begun.body, "{\"id\":17,\"policy\":\"nightly\",\"state\":\"running\",\"follow\":\"/api/v1/sweeps/17\"}\n");
  const auto followed = fetch(begun.header("location"));
  EXPECT_EQ(followed.status, 200);
  EXPECT_EQ(followed.body, R"({"id":17,"actor":"token from 127.0.0.1"})");
  for (const auto* path : {"/api/v1/sweeps/18", "/api/v1/sweeps/0", "/api/v1/sweeps/x", "/api/v1/sweeps",
                           "/api/v1/sweeps/", "/api/v1/sweeps/17/1", "/api/v1/sweepsx17"}) {
    EXPECT_EQ(fetch(path).status, 404) << path;
  }
  EXPECT_EQ(server->counts().counted("sweep", 202), 1);
  EXPECT_EQ(server->counts().counted("sweeps", 200), 1);
}

TEST_F(alert_handlers, show_what_they_do_not_do) {
  EXPECT_EQ(send("/api/v1/sweep?policy=nightly&dry_run=1").body, R"({"policy":"nightly"})");
  EXPECT_EQ(server->counts().counted("sweep", 200), 1);
  const auto observed = send("/api/v1/sweep?policy=observing");
  EXPECT_EQ(observed.status, 409);
  EXPECT_EQ(observed.body, "{\"refused\":\"it \\\"observes\\\"\",\"plan\":{\"policy\":\"observing\"}}\n");
  const auto unknown = send("/api/v1/sweep?policy=nope");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "There is no policy nope; there are nightly.\n");
  EXPECT_EQ(send("/api/v1/sweep?policy=busy").status, 409);
  EXPECT_EQ(send("/api/v1/sweep?policy=later").status, 503);
  for (const auto* query : {"", "?policy=", "?policy=a&policy=b", "?policy=a&dry_run=yes", "?policy=a&force=1"}) {
    EXPECT_EQ(send("/api/v1/sweep" + std::string(query)).status, 400) << query;
  }
}

}  // namespace
}  // namespace docksweep::web::testing
