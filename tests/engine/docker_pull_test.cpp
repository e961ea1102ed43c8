// Pulls through the port, and what a registry has: what is asked, with which credential, and what failures say.
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
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr auto create = "/images/create";
const std::string digest = "sha256:" + std::string(64, 'd');

class pulls : public test::engine_test {
 protected:
  void SetUp() override { record("docker-20.10", "1.41"); }

  core::result<app::pulled_image> pull(app::pull_request what = {"host:5000/team/a", "1", ""}) {
    auto pulling = port().pull_image(std::move(what),
                                     [this](const app::transfer_progress& line) { statuses.push_back(line.status); });
    return run(std::move(pulling));
  }
  core::result<bool> has(std::string repository = "host:5000/team/a") {
    auto asking = port().registry_has(std::move(repository), digest);
    return run(std::move(asking));
  }
  void stream(std::string body) {
    server.on(create, [body = std::move(body)](exchange& with) {
      with.begin_chunked();
      for (std::size_t at = 0; at < body.size(); at += 100) with.chunk(body.substr(at, 100));
      with.end_chunked();
    });
  }
  void answer_auth(std::string header) {
    options.registry_auth = [this, header](std::string host, std::string path) -> app::task<core::result<std::string>> {
      asked_for.push_back(host + " " + path);
      co_return header;
    };
  }
  test::scripted_request last(const std::string& path) {
    for (const auto& request : server.requests()) {
      if (request.path == path) return request;
    }
    ADD_FAILURE() << path << " was not asked for";
    return {};
  }

  std::vector<std::string> statuses, asked_for;
};

TEST_F(pulls, ask_for_one_version_and_follow_its_progress) {
  stream(fixture("docker-20.10/pull.ndjson"));
  const auto pulled = pull();
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_TRUE(pulled->was_newer);
  EXPECT_EQ(pulled->digest, "sha256:5bd465e2acbc0b35bb7fc2dce1f064004bf589b452c45dc9730f7ff0497abce5");
  const auto request = last(create);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1.41/images/create?fromImage=host%3A5000%2Fteam%2Fa&tag=1");
  EXPECT_EQ(request.header("X-Registry-Auth"), "");
  EXPECT_THAT(statuses, testing::Contains("Pull complete"));
  EXPECT_EQ(counts.requests["image_pull"], 1);
  EXPECT_EQ(counts.failures["image_pull"], 0);
}

TEST_F(pulls, by_digest_and_platform) {
  stream(fixture("docker-20.10/pull_again.ndjson"));
  ASSERT_TRUE(pull({"host:5000/team/a", digest, "linux/arm64/v8"}));
  EXPECT_THAT(last(create).target,
              testing::EndsWith("&tag=sha256%3A" + digest.substr(7) + "&platform=linux%2Farm64%2Fv8"));
}

TEST_F(pulls, without_a_version_are_refused_before_any_call) {
  for (const auto& what : {app::pull_request{"host:5000/team/a", "", ""}, app::pull_request{"", "1", ""},
                           app::pull_request{"alpine", "1", ""}}) {
    const auto pulled = pull(what);
    ASSERT_FALSE(pulled);
    EXPECT_EQ(pulled.error().code, failure_code::invalid);
  }
  EXPECT_THAT(server.calls(), ElementsAre());
}

TEST_F(pulls, carry_the_credential_of_their_registry) {
  answer_auth("c2VjcmV0");
  stream(fixture("docker-20.10/pull.ndjson"));
  options.trace = [this](std::string_view line) { statuses.emplace_back(line); };
  ASSERT_TRUE(pull({"docker.io/library/alpine", "3.19", ""}));
  EXPECT_THAT(asked_for, ElementsAre("docker.io library/alpine"));
  EXPECT_EQ(last(create).header("X-Registry-Auth"), "c2VjcmV0");
  bool masked = false;
  for (const auto& line : statuses) {
    EXPECT_THAT(line, Not(HasSubstr("c2VjcmV0")));
    masked = masked || line.find("X-Registry-Auth: ***") != std::string::npos;
  }
  EXPECT_TRUE(masked) << "the trace shows that there was one";
}

TEST_F(pulls, fail_when_the_credential_cannot_be_had) {
  options.registry_auth = [](std::string, std::string) -> app::task<core::result<std::string>> {
    co_return core::fail(failure_code::storage, "docker-credential-pass ended with 1");
  };
  const auto pulled = pull();
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().message, "docker-credential-pass ended with 1");
  EXPECT_EQ(server.count(create), 0);
}

TEST_F(pulls, never_repeat_a_credential_that_an_engine_repeats) {
  answer_auth("c2VjcmV0");
  server.answer(create, R"({"message":"invalid X-Registry-Auth header: c2VjcmV0 and c2VjcmV0"})", 400);
  auto pulled = pull();
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message, HasSubstr("invalid X-Registry-Auth header: *** and ***"));
  stream(R"({"error":"bad header c2VjcmV0"})");
  pulled = pull();
  EXPECT_THAT(pulled.error().message, HasSubstr("bad header ***"));
  server.answer("/distribution/host:5000/team/a@" + digest + "/json", R"({"message":"c2VjcmV0?"})", 500);
  EXPECT_THAT(has().error().message, HasSubstr("***?"));
}

TEST_F(pulls, say_what_was_not_pulled_and_why) {
  server.answer(create, R"({"message":"manifest for host:5000/team/a:1 not found: manifest unknown"})", 404);
  auto pulled = pull();
  EXPECT_EQ(pulled.error().code, failure_code::not_found);
  EXPECT_THAT(pulled.error().message, HasSubstr("host:5000/team/a:1 was not pulled: the engine answered POST"));
  EXPECT_EQ(counts.failures["image_pull"], 0) << "that there is none is a fact";
  server.answer(create, R"({"message":"unauthorized: authentication required"})", 500);
  pulled = pull({"host:5000/team/a", digest, ""});
  EXPECT_EQ(pulled.error().code, failure_code::refused);
  EXPECT_THAT(pulled.error().message, HasSubstr("host:5000/team/a@" + digest + " was not pulled"));
  server.answer(create, R"({"message":"dial tcp 127.0.0.1:5998: connect: connection refused"})", 500);
  EXPECT_EQ(pull().error().code, failure_code::engine_error);
  EXPECT_EQ(counts.failures["image_pull"], 2);
  EXPECT_EQ(counts.requests["image_pull"], 3);
}

TEST_F(pulls, an_error_inside_a_success_is_a_failure_and_counts_as_one) {
  stream(
      R"({"status":"Pulling from team/a","id":"1"}{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"})");
  const auto pulled = pull();
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, failure_code::engine_error);
  EXPECT_EQ(pulled.error().message, "host:5000/team/a:1 was not pulled: unexpected EOF");
  EXPECT_EQ(counts.failures["image_pull"], 1);
  EXPECT_EQ(counts.requests["image_pull"], 1);
}

TEST_F(pulls, a_stream_that_ends_without_a_word_or_breaks_is_a_failure) {
  stream(R"({"status":"Pulling from team/a","id":"1"})");
  EXPECT_EQ(pull().error().code, failure_code::malformed);
  EXPECT_EQ(counts.failures["image_pull"], 1);
  stream("");
  EXPECT_EQ(pull().error().code, failure_code::malformed);
  server.on(create, [](exchange& with) {
    with.begin_chunked();
    with.chunk(fixture("docker-20.10/pull.ndjson"));
    with.die();
  });
  EXPECT_EQ(pull().error().code, failure_code::unreachable) << "it may have more to say";
  server.answer(create, "<html>proxy</html>");
  EXPECT_EQ(pull().error().code, failure_code::malformed);
}

TEST_F(pulls, may_be_slow_but_not_silent) {
  options.timeout = 300ms;
  options.transfer_silence = 300ms;
  server.on(create, [](exchange& with) {
    with.begin_chunked();
    for (int i = 0; i < 10; ++i) {
      with.chunk(R"({"status":"Downloading","progressDetail":{"current":1,"total":9},"id":"aa"})");
      with.wait(100ms);
    }
    with.chunk(R"({"status":"Status: Downloaded newer image for a:1"})");
    with.end_chunked();
  });
  const auto pulled = pull();
  EXPECT_TRUE(pulled) << pulled.error().message;
  server.on(create, [](exchange& with) {
    with.begin_chunked();
    with.chunk(R"({"status":"Pulling from team/a","id":"1"})");
    with.hang();
  });
  EXPECT_EQ(pull().error().code, failure_code::timeout);
}

TEST_F(pulls, end_with_their_connection_when_cancelled) {
  std::atomic<bool> gone = false;
  server.on(create, [&](exchange& with) {
    with.begin_chunked();
    with.chunk(R"({"status":"Pulling from team/a","id":"1"})");
    gone = !with.wait(5s);
  });
  boost::asio::cancellation_signal stop;
  bool ended = false, succeeded = false;
  auto pulling = port().pull_image({"host:5000/team/a", "1", ""}, [&](const app::transfer_progress&) {
    boost::asio::post(context, [&] { stop.emit(boost::asio::cancellation_type::all); });
  });
  boost::asio::co_spawn(context, std::move(pulling),
                        boost::asio::bind_cancellation_slot(
                            stop.slot(), [&](std::exception_ptr thrown, core::result<app::pulled_image> what) {
                              ended = true;
                              succeeded = !thrown && what.has_value();
                              context.stop();
                            }));
  context.run_for(4s);
  EXPECT_TRUE(ended);
  EXPECT_FALSE(succeeded);
  server.stop();
  EXPECT_TRUE(gone);
  EXPECT_EQ(counts.failures["image_pull"], 0) << "we stopped it ourselves";
}

TEST_F(pulls, from_podman) {
  record("podman-5.8", "1.44", true);
  server.on(create, [](exchange& with) {  // without a Content-Type
    with.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLibpod-Api-Version: 5.8.6\r\n\r\n");
    with.chunk(fixture("podman-4.3/pull.ndjson"));
    with.end_chunked();
  });
  const auto pulled = pull();
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(pulled->digest, "");
  server.on(create, [](exchange& with) {
    with.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    with.chunk(R"({"progressDetail":{},"errorDetail":{"message":"initializing source: connection refused"},)");
    with.chunk(R"("error":"initializing source: connection refused"})");
    with.end_chunked();
  });
  EXPECT_THAT(pull().error().message, HasSubstr("initializing source: connection refused"));
  server.answer(create, R"({"message":"connection refused"})", 500);
  EXPECT_EQ(pull().error().code, failure_code::engine_error);
}

TEST_F(pulls, follow_an_engine_that_was_replaced) {
  stream(fixture("docker-20.10/pull.ndjson"));
  ASSERT_TRUE(pull());
  int calls = 0;
  server.on(create, [&](exchange& with) {
    if (++calls == 1) {
      server.set_api_version("1.55");
      with.reply(400, R"({"message":"client version 1.41 is too old. Minimum supported API version is 1.44"})");
    } else {
      with.reply(200, fixture("docker-20.10/pull.ndjson"));
    }
  });
  const auto pulled = pull();
  EXPECT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(calls, 2);
}

TEST_F(pulls, a_registry_has_or_has_not) {
  const auto path = "/distribution/host:5000/team/a@" + digest + "/json";
  answer_auth("c2VjcmV0");
  server.answer(path, R"({"Descriptor":{"digest":"sha256:…"}})");
  EXPECT_EQ(has(), true);
  EXPECT_EQ(last(path).header("X-Registry-Auth"), "c2VjcmV0");
  EXPECT_EQ(last(path).target, "/v1.41" + path);
  server.answer(path, R"({"message":"manifest unknown: manifest unknown"})", 404);
  EXPECT_EQ(has(), false);
  server.answer(path, R"({"message":"manifest unknown: manifest unknown"})", 500);
  EXPECT_EQ(has(), false);
  server.answer("/distribution/docker.io/library/alpine@" + digest + "/json", "{}");
  EXPECT_EQ(has("alpine"), true) << "a name without a registry is looked for on Docker Hub";
  EXPECT_EQ(asked_for.back(), "docker.io library/alpine");
  EXPECT_EQ(counts.requests["distribution"], 4);
}

TEST_F(pulls, a_registry_says_what_a_tag_means) {
  const auto asked = [this] { return run(port().registry_digest("host:5000/team/a", "1.2")); };
  const auto path = "/distribution/host:5000/team/a:1.2/json";
  server.answer(path, R"({"Descriptor":{"mediaType":"x","digest":"sha256:abc","size":3},"Platforms":[]})");
  EXPECT_EQ(asked().value(), "sha256:abc");
  server.answer(path, R"({"message":"manifest unknown: manifest unknown"})", 404);
  EXPECT_EQ(asked().value(), std::nullopt);
  server.answer(path, "{}");
  EXPECT_EQ(asked().error().code, failure_code::malformed);
}

TEST_F(pulls, doubt_about_a_registry_is_no_answer) {
  const auto path = "/distribution/host:5000/team/a@" + digest + "/json";
  struct row {
    int status;
    const char* body;
    failure_code code;
  };
  for (const auto& [status, body, code] :
       {row{404, "page not found", failure_code::engine_error}, row{404, "", failure_code::engine_error},
        row{404, R"({"message":"repository does not exist"})", failure_code::engine_error},
        row{500, R"({"message":"dial tcp: connection refused"})", failure_code::engine_error},
        row{401, R"({"message":"unauthorized: authentication required"})", failure_code::refused},
        row{500, R"({"message":"Get x: no basic auth credentials"})", failure_code::refused}}) {
    server.answer(path, body, status);
    const auto answer = has();
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().code, code) << body;
    EXPECT_THAT(answer.error().message, HasSubstr("is not known"));
  }
  server.on(path, [](exchange& with) { with.die(); });
  EXPECT_FALSE(has());
}

TEST_F(pulls, podman_cannot_be_asked_about_registries) {
  record("podman-5.8", "1.44", true);
  const auto answer = has();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, failure_code::refused);
  EXPECT_THAT(answer.error().message, HasSubstr("Podman"));
}

}  // namespace
}  // namespace docksweep
