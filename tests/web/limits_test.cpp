// What a slow, large, broken or hostile request gets.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/soon.hpp"
#include "web/client.hpp"
#include "web/live_server.hpp"

namespace docksweep::web::testing {
namespace {

using namespace std::chrono_literals;
constexpr std::string_view token_header = "Authorization: Bearer 0123456789abcdef0123\r\n";

// A server with a token, which the POSTs here need.
class limits : public ::testing::Test {
 protected:
  limits() : server_(options(folder_)) {}

  static server_options options(const temporary_folder& folder) {
    auto made = options_with_short_limits();
    made.token_file = folder.write("token", "0123456789abcdef0123\n");
    return made;
  }

  temporary_folder folder_;
  live_server server_;
};

struct broken_request {
  std::string name, bytes;
  int status;
};

TEST_F(limits, answers_what_is_wrong_with_a_request_and_ends_the_connection) {
  const std::string host = "Host: localhost\r\n";
  const broken_request cases[] = {
      {"not HTTP", "\x16\x03\x01 hello\r\n\r\n", 400},
      {"a bad header line", "GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400},
      {"a blank before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400},
      {"a version of the future", "GET / HTTP/3.0\r\n" + host + "\r\n", 505},
      {"two lengths", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"length and chunks",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"a negative length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"a long header", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(20000, 'x') + "\r\n\r\n", 431},
      {"many headers",
       "GET / HTTP/1.1\r\n" + host +
           [] {
             std::string all;
             for (int i = 0; i < 2000; ++i) all += "X: y\r\n";
             return all;
           }() +
           "\r\n",
       431},
      {"an endless target", "GET /" + std::string(20000, 'x'), 414},
  };
  for (const auto& one : cases) {
    client sender(server_.where());
    sender.send(one.bytes);
    EXPECT_EQ(sender.read().status, one.status) << one.name;
    EXPECT_TRUE(sender.ends_within(1500ms)) << one.name;
  }
}

TEST_F(limits, answers_what_is_wrong_with_a_header_and_goes_on) {
  const std::string token(token_header);
  const broken_request cases[] = {
      {"no host", "GET /-/ready HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET /-/ready HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"a broken escape", get("/%zz"), 400},
      {"a NUL", get("/metrics%00"), 400},
      {"a long target", get("/" + std::string(5000, 'x')), 414},
      {"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"another expectation", get("/-/ready", "Expect: 200-ok\r\n"), 417},
      {"no such path", get("/metrics/"), 404},
      {"no length", "POST /echo HTTP/1.1\r\nHost: localhost\r\n" + token + "\r\n", 411},
      {"a POST without a body where none is needed", "POST /-/reload HTTP/1.1\r\nHost: localhost\r\n" + token + "\r\n",
       200},
      {"an absolute target", "GET http://localhost/-/ready HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
      {"an escaped path", get("/-/%72eady"), 200},
  };
  client sender(server_.where());
  for (const auto& one : cases) {
    EXPECT_EQ(sender.ask(one.bytes).status, one.status) << one.name;
  }
}

TEST(header_limit, is_the_configured_one) {
  auto options = local_options();
  options.limits.header_bytes = 2048;
  live_server server(options);
  const auto with = [&](std::size_t bytes) {
    return client(server.where()).ask(get("/-/ready", "X: " + std::string(bytes, 'x') + "\r\n")).status;
  };
  EXPECT_EQ(with(1500), 200);
  EXPECT_EQ(with(3000), 431);
}

TEST_F(limits, names_the_methods_that_a_path_allows) {
  client sender(server_.where());
  EXPECT_EQ(sender.ask(post("/metrics")).header("allow"), "GET, HEAD");
  const auto reload = sender.ask(get("/-/reload"));
  EXPECT_EQ(reload.status, 405);
  EXPECT_EQ(reload.header("allow"), "POST");
  EXPECT_EQ(sender.ask("PUT /-/ready HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status, 405);
  EXPECT_EQ(server_.counts().counted("reload", 405), 1);
}

TEST_F(limits, refuses_a_large_body_before_reading_it) {
  client sender(server_.where());
  sender.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n" + std::string(token_header) +
              "\r\n");
  EXPECT_EQ(sender.read().status, 413);
  EXPECT_TRUE(sender.ends_within(1s));

  client chunky(server_.where());
  chunky.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + std::string(token_header) +
              "\r\n");
  for (int i = 0; i < 20 && chunky.send("64\r\n" + std::string(100, 'x') + "\r\n"); ++i) {
  }
  EXPECT_EQ(chunky.read().status, 413);

  client getter(server_.where());
  EXPECT_EQ(getter.ask("GET /-/ready HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello").status, 413);
}

TEST_F(limits, takes_a_body_whole_or_in_chunks) {
  client sender(server_.where());
  EXPECT_EQ(sender.ask(post("/echo", token_header, std::string(1000, 'b'))).body, std::string(1000, 'b') + "\n");
  const auto chunked = sender.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" +
                                  std::string(token_header) + "\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.body, "hello!\n");
}

TEST_F(limits, says_continue_only_to_who_may_go_on) {
  client sender(server_.where());
  const auto header = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n";
  sender.send(header + std::string(token_header) + "\r\n");
  EXPECT_EQ(sender.read().status, 100);
  EXPECT_EQ(sender.ask("hello").body, "hello\n");

  client stranger(server_.where());
  stranger.send(header + std::string("\r\n"));
  EXPECT_EQ(stranger.read().status, 401);
  EXPECT_TRUE(stranger.ends_within(1s)) << "the body that is not wanted could come still";
}

TEST_F(limits, ends_a_slow_header_with_408) {
  client drip(server_.where());
  const std::string bytes = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ";
  const auto begin = std::chrono::steady_clock::now();
  std::size_t at = 0;
  // Each byte comes soon after the last: only the limit on the whole header can end this.
  while (at < bytes.size() && std::chrono::steady_clock::now() - begin < 600ms) {
    drip.send(bytes.substr(at++, 1));
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(drip.read().status, 408);
  EXPECT_TRUE(drip.ends_within(1s));
  EXPECT_EQ(server_.counts().counted("other", 408), 1);
}

TEST_F(limits, ends_a_slow_body_with_408) {
  client drip(server_.where());
  drip.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n" + std::string(token_header) +
            "\r\nabc");
  EXPECT_EQ(drip.read().status, 408);
}

TEST_F(limits, ends_silent_and_idle_connections_without_a_word) {
  client silent(server_.where()), idle(server_.where());
  EXPECT_EQ(idle.ask(get("/-/ready")).status, 200);
  EXPECT_FALSE(idle.ends_within(1s)) << "an idle connection has longer than a header";
  EXPECT_TRUE(idle.ends_within(5s));
  EXPECT_TRUE(silent.ends_within(100ms));
}

TEST(connection_limit, makes_room_by_ending_who_waited_longest) {
  auto options = local_options();
  options.limits.connections = 3;
  live_server server(options);
  client first(server.where());
  EXPECT_EQ(first.ask(get("/-/ready")).status, 200);
  client second(server.where());
  EXPECT_EQ(second.ask(get("/-/ready")).status, 200);
  client third(server.where());
  EXPECT_EQ(third.ask(get("/-/ready")).status, 200);
  client fourth(server.where());
  EXPECT_EQ(fourth.ask(get("/-/ready")).status, 200) << "a scraper was locked out by idle connections";
  EXPECT_TRUE(first.ends_within(1s));
  EXPECT_EQ(second.ask(get("/-/ready")).status, 200);
}

TEST(connection_limit, says_503_when_all_are_at_work) {
  const temporary_folder folder;
  test_content content;
  content.reload_takes = 2s;
  auto options = local_options();
  options.limits.connections = 2;
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options, content);
  client one(server.where()), two(server.where());
  one.send(post("/-/reload", token_header));
  two.send(post("/-/reload", token_header));
  ASSERT_TRUE(test::soon([&] { return *content.reloads_begun == 2; }));
  client three(server.where());
  EXPECT_EQ(three.read().status, 503);
  EXPECT_TRUE(three.ends_within(1s));
  EXPECT_EQ(one.read().status, 200);
}

TEST(connection_limit, survives_a_hundred_connections_that_never_send) {
  auto options = local_options();
  live_server server(options);
  std::vector<client> flood;
  for (int i = 0; i < 300; ++i) flood.emplace_back(server.where());
  client scraper(server.where());
  EXPECT_EQ(scraper.ask(get("/metrics")).status, 200);
}

TEST(sending, ends_a_peer_that_does_not_read) {
  test_content content;
  content.metrics = std::string(32 * 1024 * 1024, 'm');  // more than sockets buffer
  live_server server(options_with_short_limits(), content);
  client deaf(server.where());
  deaf.send(get("/metrics"));
  std::this_thread::sleep_for(1500ms);  // limits.send is 1 s
  const auto begin = std::chrono::steady_clock::now();
  const auto cut = deaf.read();
  EXPECT_LT(cut.body.size(), content.metrics.size());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

}  // namespace
}  // namespace docksweep::web::testing
