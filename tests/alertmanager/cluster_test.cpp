// Alertmanagers that are asked: what is sent, and every way in which they do not answer.
#include "alertmanager/cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <map>

#include "core/matcher.hpp"
#include "net/percent.hpp"
#include "support/run_task.hpp"
#include "support/scripted_engine.hpp"

namespace docksweep::test {
namespace {

using namespace std::chrono_literals;
using core::failure_code;
using testing::ElementsAre;
using testing::HasSubstr;

class counts_of_requests final : public app::alert_telemetry {
 public:
  int requests = 0, failures = 0;
  void alert_received(core::alert_source, bool) override {}
  void alert_rejected(app::alert_rejection) override {}
  void alertmanager_request(bool failed) override {
    ++requests;
    failures += failed ? 1 : 0;
  }
};

class lines final : public app::log_sink {
 public:
  std::vector<std::string> events, text;
  void write(app::log_level, std::string_view event, std::span<const app::log_field> fields) override {
    events.emplace_back(event);
    std::string all;
    for (const auto& field : fields) all += std::string(field.key) + "=" + field.value + " ";
    text.push_back(all);
  }
};

std::string answer_of(std::initializer_list<const char*> names) {
  std::string all;
  for (const auto* name : names) {
    all += (all.empty() ? "" : ",") +
           std::string(R"({"startsAt":"2026-11-24T10:00:00.000Z","status":{"state":"active"},)") +
           R"("labels":{"alertname":")" + name + "\"}}";
  }
  return "[" + all + "]";
}

class alertmanagers : public testing::Test {
 protected:
  static std::string url(const scripted_engine& server) {
    return "http://127.0.0.1:" + std::to_string(server.where().port);
  }
  core::result<std::vector<std::string>> ask(const char* filters = "a=\"b\"") {
    if (!source) {
      auto made = alertmanager::make_cluster(context.get_executor(), options, counts, log);
      EXPECT_TRUE(made) << made.error().message;
      source = *std::move(made);
    }
    auto found = run_task(context, source->active_alerts(*core::parse_matchers(filters)));
    if (!found) return std::unexpected(found.error());
    std::vector<std::string> names;
    for (const auto& alert : *found) names.emplace_back(alert.name());
    return names;
  }
  // The path of the API as the scripted server names it.
  static constexpr const char* path = "*";
  // Longer than a slow machine takes from one question to the next.
  static constexpr auto a_while = 1s;

  boost::asio::io_context context{1};
  temp_folder folder;
  scripted_engine one{scripted_engine::on_tcp{}}, two{scripted_engine::on_tcp{}};
  alertmanager::cluster_options options{.urls = {url(one)}, .timeout = 2s, .pause_least = 50ms, .pause_most = 50ms};
  counts_of_requests counts;
  lines log;
  std::unique_ptr<app::alert_source> source;
};

TEST_F(alertmanagers, are_asked_with_all_filters_for_what_is_not_silenced) {
  one.answer(path, answer_of({"A"}));
  options.urls = {url(one) + "/am/"};
  EXPECT_THAT(*ask(R"(a="x y",b=~"n(:.*)?")"), ElementsAre("A"));
  EXPECT_THAT(one.calls(), ElementsAre("GET /am/api/v2/alerts?active=true&silenced=false&inhibited=false"
                                       "&filter=a%3D%22x%20y%22&filter=b%3D~%22n%28%3A.%2A%29%3F%22"));
  EXPECT_EQ(one.requests()[0].header("Authorization"), "");
  EXPECT_EQ(counts.requests, 1);
  EXPECT_EQ(counts.failures, 0);
}

TEST_F(alertmanagers, of_a_cluster_tell_of_the_same_alert_once) {
  one.answer(path, answer_of({"A", "B"}));
  two.answer(path, answer_of({"B", "C"}));
  options.urls = {url(one), url(two)};
  EXPECT_THAT(*ask(), ElementsAre("A", "B", "C"));
}

TEST_F(alertmanagers, that_are_down_are_no_failure_while_another_answers) {
  two.answer(path, answer_of({"B"}));
  options.urls = {url(one), url(two)};
  options.pause_least = options.pause_most = a_while;
  one.stop();
  EXPECT_THAT(*ask(), ElementsAre("B"));
  EXPECT_THAT(*ask(), ElementsAre("B"));
  EXPECT_EQ(counts.failures, 1) << "it is left alone for a while";
  std::this_thread::sleep_for(a_while + 100ms);
  EXPECT_THAT(*ask(), ElementsAre("B"));
  EXPECT_EQ(counts.failures, 2);
  EXPECT_THAT(log.events, ElementsAre("alertmanager_down")) << "one line for an outage";
  EXPECT_THAT(log.text[0], HasSubstr(url(one)));
  one.start();
  one.answer(path, answer_of({"A"}));
  std::this_thread::sleep_for(a_while + 100ms);
  EXPECT_THAT(*ask(), ElementsAre("A", "B"));
  EXPECT_THAT(log.events, ElementsAre("alertmanager_down", "alertmanager_up"));
}

TEST_F(alertmanagers, fail_together_when_none_answers) {
  options.pause_least = options.pause_most = a_while;
  one.stop();
  const auto first = ask();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, failure_code::unreachable);
  const auto again = ask();
  ASSERT_FALSE(again) << "while it is left alone nobody knows";
  EXPECT_EQ(counts.requests, 1);
}

TEST_F(alertmanagers, that_lie_or_fall_silent_are_failures_that_say_so) {
  const auto failure = [&](const script& what) {
    one.on(path, what);
    source.reset();
    log = {};
    const auto found = ask();
    EXPECT_FALSE(found);
    return found ? std::string() : log.text.at(0);
  };
  options.timeout = 300ms;
  EXPECT_THAT(failure([](exchange& with) { with.reply(401, "who are you?\n"); }),
              HasSubstr("answered 401: who are you?"));
  EXPECT_THAT(failure([](exchange& with) { with.reply(400, R"("bad matcher format")"); }),
              HasSubstr("bad matcher format"));
  EXPECT_THAT(failure([](exchange& with) { with.reply(200, "<html>a proxy</html>"); }), HasSubstr("cannot be read"));
  EXPECT_THAT(failure([](exchange& with) { with.reply(200, answer_of({"A"}).substr(0, 40)); }), HasSubstr("cut off"));
  EXPECT_THAT(failure([](exchange& with) { with.die(); }), HasSubstr("Alertmanager"));
  EXPECT_THAT(failure([](exchange& with) { with.hang(); }), HasSubstr("did not answer"));
  EXPECT_THAT(failure([](exchange& with) {
                with.begin_chunked();
                const std::string blanks(1 << 20, ' ');
                for (int i = 0; i < 9; ++i) with.chunk(blanks);
                with.end_chunked();
              }),
              testing::AnyOf(HasSubstr("too much"), HasSubstr("did not answer")));
}

TEST_F(alertmanagers, get_a_token_that_is_read_at_each_request) {
  one.answer(path, "[]");
  options.bearer_token_file = folder.file("token");
  std::ofstream(options.bearer_token_file) << "first\n";
  ASSERT_TRUE(ask());
  std::ofstream(options.bearer_token_file) << "second";
  ASSERT_TRUE(ask());
  EXPECT_EQ(one.requests()[0].header("Authorization"), "Bearer first");
  EXPECT_EQ(one.requests()[1].header("Authorization"), "Bearer second");
  std::ofstream(options.bearer_token_file) << "two\nlines";
  EXPECT_FALSE(ask());
  EXPECT_THAT(log.text.at(0), HasSubstr("more than one line"));
  EXPECT_THAT(log.text.at(0), testing::Not(HasSubstr("lines in")));
  EXPECT_EQ(one.requests().size(), 2U) << "nothing was sent without it";
}

TEST_F(alertmanagers, get_a_user_and_a_password) {
  one.answer(path, "[]");
  options.username = "docksweep";
  options.password_file = folder.file("password");
  std::ofstream(options.password_file) << "hunter2\n";
  ASSERT_TRUE(ask());
  EXPECT_EQ(one.requests()[0].header("Authorization"), "Basic ZG9ja3N3ZWVwOmh1bnRlcjI=");
  source.reset();
  options.password_file = folder.file("missing");
  EXPECT_FALSE(ask());
  EXPECT_THAT(log.text.at(0), HasSubstr("missing is not there"));
}

TEST_F(alertmanagers, are_believed_by_the_certificate_of_the_authority_that_is_configured) {
  authority trusted, other;
  scripted_engine server(trusted.issue("alertmanager", "IP:127.0.0.1"), trusted.ca());
  auto client = trusted.issue("node", "DNS:node-7");
  server.answer(path, answer_of({"A"}));
  options.urls = {"https://127.0.0.1:" + std::to_string(server.where().port)};
  options.tls = {.ca = trusted.ca(), .cert = client.cert, .key = client.key};
  const auto found = ask();
  ASSERT_TRUE(found) << log.text.at(0);
  EXPECT_THAT(*found, ElementsAre("A"));
  source.reset();
  options.tls.ca = other.ca();
  EXPECT_FALSE(ask());
  EXPECT_EQ(counts.failures, 1);
}

}  // namespace
}  // namespace docksweep::test
