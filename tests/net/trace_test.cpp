// What --trace prints: lines that a shell can run, without secrets.
#include "net/trace.hpp"

#include <gmock/gmock.h>

#include <cstdio>

namespace docksweep::net {
namespace {

using testing::HasSubstr;
using testing::Not;

endpoint docker_socket() {
  endpoint where;
  where.path = "/var/run/docker.sock";
  return where;
}

TEST(trace, a_get_is_a_curl_line) {
  http_request request;
  request.target = "/v1.41/images/json?all=1";
  EXPECT_EQ(curl_line(docker_socket(), request),
            "curl --unix-socket /var/run/docker.sock 'http://localhost/v1.41/images/json?all=1'");
}

TEST(trace, other_verbs_and_tls) {
  endpoint where{.how = endpoint::kind::tls,
                 .path = {},
                 .host = "node1",
                 .port = 2376,
                 .tls = {.ca = "/c/ca.pem", .cert = "/c/it's.pem", .key = "/c/key.pem"}};
  http_request request;
  request.target = "/_ping";
  request.what = verb::head;
  EXPECT_EQ(curl_line(where, request),
            "curl --cacert /c/ca.pem --cert '/c/it'\\''s.pem' --key /c/key.pem --head 'https://node1:2376/_ping'");
  request.what = verb::remove;
  request.target = "/v1.41/images/a:1";
  EXPECT_THAT(curl_line(docker_socket(), request), HasSubstr(" -X DELETE 'http://localhost/v1.41/images/a:1'"));
}

TEST(trace, secrets_are_masked) {
  http_request request;
  request.what = verb::post;
  request.target = "/v1.41/images/create?fromImage=a&tag=1";
  request.headers = {{"X-Registry-Auth", "c2VjcmV0"}, {"AUTHORIZATION", "Bearer s3cret"}, {"Accept", "text/plain"}};
  request.body = R"({"password":"hunter2"})";
  const auto line = curl_line(docker_socket(), request);
  EXPECT_THAT(line, HasSubstr("-H 'X-Registry-Auth: ***'"));
  EXPECT_THAT(line, HasSubstr("-H 'AUTHORIZATION: ***'"));
  EXPECT_THAT(line, HasSubstr("-H 'Accept: text/plain'"));
  EXPECT_THAT(line, Not(HasSubstr("c2VjcmV0")));
  EXPECT_THAT(line, Not(HasSubstr("s3cret")));
  EXPECT_THAT(line, Not(HasSubstr("hunter2")));
}

TEST(trace, a_shell_reads_the_words_as_they_are) {
  endpoint where;
  where.path = "/tmp/odd $(echo x) 'name'";
  http_request request;
  request.target = "/v1.41/images/json?filters=%7B%7D&a=1";
  auto line = curl_line(where, request);
  line.replace(0, 4, "printf '%s\\n'");
  std::string seen;
  FILE* shell = ::popen(line.c_str(), "r");
  ASSERT_NE(shell, nullptr);
  for (int c = 0; (c = std::fgetc(shell)) != EOF;) seen += static_cast<char>(c);
  EXPECT_EQ(::pclose(shell), 0);
  EXPECT_EQ(seen, "--unix-socket\n/tmp/odd $(echo x) 'name'\nhttp://localhost/v1.41/images/json?filters=%7B%7D&a=1\n");
}

TEST(trace, outcomes_are_comments) {
  using namespace std::chrono_literals;
  EXPECT_EQ(outcome_line(200, 12345us, 183945), "# 200 in 12.3 ms, 183945 bytes");
  EXPECT_EQ(failure_line("no", 5ms), "# failed after 5.0 ms: no");
}

}  // namespace
}  // namespace docksweep::net
