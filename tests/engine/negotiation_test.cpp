// Which API version is spoken, from the first ping to an engine that is replaced under us; and the errors of engines.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using test::exchange;
using test::fixture;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class negotiation : public test::engine_test {};

TEST_F(negotiation, speaks_the_engines_version_where_that_is_older) {
  record("docker-20.10", "1.41");
  ASSERT_TRUE(run(port().list_images({})));
  EXPECT_EQ(server.calls().back(), "GET /v1.41/images/json?all=1");
}

TEST_F(negotiation, speaks_its_own_newest_to_a_newer_engine) {
  record("docker-29-containerd", "1.99");
  ASSERT_TRUE(run(port().list_images({})));
  EXPECT_EQ(server.calls().back(), "GET /v1.55/images/json?all=1");
}

TEST_F(negotiation, falls_back_to_get_for_engines_without_head) {
  record("docker-20.10", "1.41");
  server.on("/_ping",
            [](exchange& with) { with.reply(with.request.method == "HEAD" ? 404 : 200, "OK", "text/plain"); });
  ASSERT_TRUE(run(port().list_images({})));
  EXPECT_THAT(server.calls(), ElementsAre("HEAD /_ping", "GET /_ping", "GET /v1.41/images/json?all=1"));
}

TEST_F(negotiation, what_names_no_version_is_no_engine) {
  server.on("/_ping", [](exchange& with) { with.raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  const auto identity = run(port().identify());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, failure_code::malformed);
  EXPECT_THAT(identity.error().message, HasSubstr("no container engine"));
}

TEST_F(negotiation, a_failing_ping_carries_the_engines_words) {
  server.answer("/_ping", R"({"message":"still starting"})", 503);
  const auto identity = run(port().identify());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, failure_code::engine_error);
  EXPECT_EQ(identity.error().http_status, 503);
  EXPECT_THAT(identity.error().message, HasSubstr("still starting"));
}

// The engine was downgraded, and says so in words that real engines used.
TEST_F(negotiation, negotiates_again_when_the_version_is_refused) {
  for (const auto& [folder, call] : {std::pair("docker-20.10", "too old"),
                                     {"docker-20.10", "too new"},
                                     {"docker-28", "too old"},
                                     {"docker-29-containerd", "too old"},
                                     {"docker-29-containerd", "too new"}}) {
    test::scripted_engine engine_server("1.51");
    const auto errors = boost::json::parse(fixture(std::string(folder) + "/errors.json")).as_array();
    std::string refusal;
    for (const auto& error : errors) {
      if (error.at("call").as_string() == call) refusal = std::string(error.at("body").as_string());
    }
    ASSERT_FALSE(refusal.empty()) << folder << call;
    engine_server.on("/images/json", [&](exchange& with) {
      if (with.request.target.starts_with("/v1.51/")) {
        engine_server.set_api_version("1.41");
        with.raw("HTTP/1.1 400 Bad Request\r\nContent-Length: " + std::to_string(refusal.size()) + "\r\n\r\n" +
                 refusal);
      } else {
        with.reply(200, "[]");
      }
    });
    const auto under_test = engine::make_docker_engine(context.get_executor(), engine_server.where(), options, counts);
    const auto listing = run(under_test->list_images({}));
    ASSERT_TRUE(listing) << folder << ": " << listing.error().message;
    EXPECT_THAT(engine_server.calls(), ElementsAre("HEAD /_ping", "GET /v1.51/images/json?all=1", "HEAD /_ping",
                                                   "GET /v1.41/images/json?all=1"));
  }
}

TEST_F(negotiation, gives_up_on_an_engine_that_refuses_every_version) {
  server.answer("/images/json",
                R"({"message":"client version 1.41 is too old. Minimum supported API version is 1.90"})", 400);
  const auto listing = run(port().list_images({}));
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code, failure_code::too_old);
  EXPECT_THAT(listing.error().message, HasSubstr("Minimum supported API version is 1.90"));
  EXPECT_EQ(server.count("/images/json"), 2);
}

TEST_F(negotiation, follows_an_upgrade_under_way) {
  record("docker-20.10", "1.41");
  ASSERT_TRUE(run(port().list_images({})));
  server.stop();
  EXPECT_FALSE(run(port().list_images({})));
  record("docker-28", "1.51");
  server.start();
  ASSERT_TRUE(run(port().list_images({})));  // still 1.41, and its answer names the new version
  ASSERT_TRUE(run(port().list_images({})));
  EXPECT_EQ(server.calls().back(), "GET /v1.51/images/json?all=1");
}

struct refusal {
  int status;
  std::string body;
  failure_code code;
  std::string words;
};
class engine_errors : public test::engine_test, public testing::WithParamInterface<refusal> {};

TEST_P(engine_errors, are_told_apart_and_quoted) {
  const auto& row = GetParam();
  server.answer("/containers/json", row.body, row.status);
  const auto listing = run(port().list_containers({}, false));
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code, row.code);
  EXPECT_EQ(listing.error().http_status, row.status);
  EXPECT_THAT(listing.error().message, HasSubstr("GET /containers/json"));
  EXPECT_THAT(listing.error().message, HasSubstr(row.words));
  const bool fact = row.code == failure_code::not_found || row.code == failure_code::conflict;
  EXPECT_EQ(counts.failures["containers_list"], fact ? 0 : 1);
}

const refusal refusals[] = {
    {404, R"({"message":"No such image: x"})", failure_code::not_found, "No such image: x"},
    {409, R"({"message":"conflict: unable to delete"})", failure_code::conflict, "unable to delete"},
    {500, R"({"cause":"c","message":"failed to find image","response":500})", failure_code::engine_error,
     "failed to find image"},
    {503, "gateway\n", failure_code::engine_error, "gateway"},
    {400, R"({"message":"invalid filter 'nosuch'"})", failure_code::refused, "invalid filter 'nosuch'"},
    {403, "", failure_code::refused, "it gave no reason"},
    {301, "<a href=\"/elsewhere\">Moved</a>", failure_code::refused, "Moved"},
};
INSTANTIATE_TEST_SUITE_P(all, engine_errors, testing::ValuesIn(refusals));

TEST_F(negotiation, an_answer_that_is_no_json_is_malformed) {
  server.answer("/images/json", "<html>proxy</html>");
  const auto listing = run(port().list_images({}));
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code, failure_code::malformed);
  EXPECT_THAT(listing.error().message, HasSubstr("GET /images/json"));
}

// Podman answers some listings with 200 and nothing at all.
TEST_F(negotiation, an_empty_answer_is_no_empty_listing) {
  server.answer("/containers/json", "");
  const auto listing = run(port().list_containers({}, false));
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code, failure_code::malformed);
}

TEST_F(negotiation, a_listing_that_breaks_off_is_no_shorter_listing) {
  server.on("/images/json", [](exchange& with) {
    with.begin_chunked();
    with.chunk(fixture("docker-20.10/images.json").substr(0, 1000));
    with.close();
  });
  const auto listing = run(port().list_images({}));
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code, failure_code::unreachable);
}

TEST_F(negotiation, a_hanging_engine_times_out_though_its_ping_answers) {
  options.timeout = 200ms;
  options.health_timeout = 100ms;
  for (const std::string path : {"/images/json", "/version", "/containers/json"}) {
    server.on(path, [](exchange& with) { with.hang(); });
  }
  EXPECT_EQ(run(port().list_images({})).error().code, failure_code::timeout);
  EXPECT_EQ(run(port().check_answers()).error().code, failure_code::timeout);
  EXPECT_EQ(run(port().check_lists()).error().code, failure_code::timeout);
  EXPECT_EQ(counts.failures["images_list"], 1);
  EXPECT_EQ(counts.failures["ping"], 0);
}

TEST_F(negotiation, traces_every_call) {
  record("docker-20.10", "1.41");
  std::vector<std::string> lines;
  options.trace = [&](std::string_view line) { lines.emplace_back(line); };
  ASSERT_TRUE(run(port().list_images({})));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], HasSubstr("--head 'http://localhost/_ping'"));
  EXPECT_THAT(lines[2], HasSubstr("'http://localhost/v1.41/images/json?all=1'"));
  EXPECT_THAT(lines[3], HasSubstr("# 200 in"));
}

}  // namespace
}  // namespace docksweep
