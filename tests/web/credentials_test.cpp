// Users, tokens and their limits, over real sockets; hashes are bcrypt's at the lowest cost.
#include "web/credentials.hpp"

#include <crypt.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstring>

#include "web/client.hpp"
#include "web/live_server.hpp"

namespace docksweep::web::testing {
namespace {

using namespace std::chrono_literals;

std::string bcrypt(const std::string& password, unsigned long cost = 4) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  const char random[] = "sixteen bytes...";
  EXPECT_NE(crypt_gensalt_rn("$2y$", cost, random, 16, setting, sizeof setting), nullptr);
  crypt_data memory{};
  return crypt_r(password.c_str(), setting, &memory);
}

std::string basic(const std::string& user, const std::string& password) {
  const auto plain = user + ":" + password;
  std::string encoded(plain.size() * 2 + 4, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
  return "Authorization: Basic " + encoded.substr(0, static_cast<std::size_t>(length)) + "\r\n";
}

constexpr std::string_view right_token = "Authorization: Bearer 0123456789abcdef0123\r\n";
constexpr std::string_view wrong_token = "Authorization: Bearer 0123456789abcdef0124\r\n";

server_options with_user(unsigned long cost = 4) {
  auto options = local_options();
  options.users = {{"prometheus", bcrypt("s3cret", cost)}};
  return options;
}

TEST(credentials, let_a_user_read_but_not_post) {
  live_server server(with_user());
  client one(server.where());
  const auto refused = one.ask(get("/metrics"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(refused.header("www-authenticate").starts_with("Basic"));
  EXPECT_EQ(one.ask(get("/metrics", basic("prometheus", "s3cret"))).status, 200);
  EXPECT_EQ(one.ask(get("/", basic("prometheus", "s3cret"))).status, 200);
  EXPECT_EQ(one.ask(get("/metrics", basic("prometheus", "wrong"))).status, 401);
  EXPECT_EQ(one.ask(get("/metrics", basic("prometheus", ""))).status, 401);
  EXPECT_EQ(one.ask(get("/metrics", basic("nobody", "s3cret"))).status, 401);
  EXPECT_EQ(one.ask(get("/metrics", "Authorization: Basic ????\r\n")).status, 401);
  EXPECT_EQ(one.ask(post("/-/reload", basic("prometheus", "s3cret"))).status, 403);
  EXPECT_EQ(server.counts().counted("metrics", 401), 5);
}

TEST(credentials, never_stand_before_the_probes) {
  auto options = with_user();
  const temporary_folder folder;
  options.token_file = folder.write("token", "0123456789abcdef0123");
  live_server server(options);
  client one(server.where());
  for (const auto path : {"/-/healthy", "/-/ready"}) {
    EXPECT_EQ(one.ask(get(path)).status, 200);
    EXPECT_EQ(one.ask(get(path, basic("prometheus", "wrong"))).status, 200);
  }
}

TEST(credentials, let_the_token_read_and_post) {
  const temporary_folder folder;
  auto options = local_options();
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options);
  client one(server.where());
  EXPECT_EQ(one.ask(get("/metrics")).status, 401);
  EXPECT_EQ(one.ask(get("/metrics", right_token)).status, 200);
  EXPECT_EQ(one.ask(get("/metrics", wrong_token)).status, 401);
  EXPECT_EQ(one.ask(post("/-/reload")).status, 401);
  EXPECT_EQ(one.ask(post("/-/reload", wrong_token)).status, 401);
  EXPECT_EQ(one.ask(post("/-/reload", right_token)).status, 200);
  EXPECT_EQ(one.ask(post("/-/reload", std::string(right_token) + "Origin: https://evil.example\r\n")).status, 403);
}

TEST(credentials, are_read_again_on_reload) {
  const temporary_folder folder;
  auto options = local_options();
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options);
  client one(server.where());
  EXPECT_EQ(one.ask(get("/metrics", right_token)).status, 200);
  folder.write("token", "0123456789abcdef0124\n");
  EXPECT_EQ(one.ask(get("/metrics", right_token)).status, 200) << "read on every request";
  ASSERT_TRUE(server.reload(options));
  EXPECT_EQ(one.ask(get("/metrics", right_token)).status, 401);
  EXPECT_EQ(one.ask(get("/metrics", wrong_token)).status, 200);
  options.token_file.clear();
  ASSERT_TRUE(server.reload(options));
  EXPECT_EQ(one.ask(get("/metrics")).status, 200);
  EXPECT_EQ(one.ask(post("/-/reload", wrong_token)).status, 403);
}

TEST(credentials, keep_a_reloads_failure_apart_from_a_refusal) {
  const temporary_folder folder;
  test_content content;
  content.reloaded = core::fail(core::failure_code::invalid, "docksweep.toml:3:1: unknown key \"moed\"");
  auto options = local_options();
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options, content);
  const auto failed = client(server.where()).ask(post("/-/reload", right_token));
  EXPECT_EQ(failed.status, 500);
  EXPECT_NE(failed.body.find("unknown key"), std::string::npos);
}

TEST(credentials, refuse_a_configuration_that_guards_nothing) {
  const temporary_folder folder;
  const auto message_for = [](server_options options) {
    live_server server(std::move(options));
    return server.started() ? std::string() : server.started().error().message;
  };
  auto options = local_options();
  options.token_file = folder.path("missing");
  EXPECT_NE(message_for(options).find("No such file"), std::string::npos);
  for (const auto text : {"", "\n", "short", "two words of some length", "0123456789abcdef\n0123456789abcdef\n"}) {
    options.token_file = folder.write("token", text);
    EXPECT_NE(message_for(options).find("token_file"), std::string::npos) << text;
  }
  options = local_options();
  for (const auto hash : {"", "s3cret", "$1$abcdefgh$0123456789012345678901", "$2y$10$short"}) {
    options.users = {{"prometheus", hash}};
    EXPECT_NE(message_for(options).find("bcrypt"), std::string::npos) << hash;
  }
}

TEST(passwords, are_computed_once_and_then_remembered) {
  live_server server(with_user(10));
  client one(server.where());
  const auto timed = [&](const std::string& header) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(one.ask(get("/metrics", header)).status, 200);
    return std::chrono::steady_clock::now() - begin;
  };
  const auto right = basic("prometheus", "s3cret");
  const auto first = timed(right);
  auto best = first;
  for (int i = 0; i < 5; ++i) best = std::min(best, timed(right));
  EXPECT_GT(first, 20ms) << "bcrypt of cost 10 was not computed";
  EXPECT_LT(best * 5, first);
}

TEST(passwords, do_not_stall_other_requests) {
  live_server server(with_user(12));
  client slow(server.where()), probe(server.where());
  EXPECT_EQ(probe.ask(get("/-/ready")).status, 200);
  slow.send(get("/metrics", basic("prometheus", "s3cret")));
  std::this_thread::sleep_for(10ms);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(probe.ask(get("/-/ready")).status, 200);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(slow.read().status, 200);
  EXPECT_LT(took, (std::chrono::steady_clock::now() - begin) / 2) << "the probe waited for bcrypt";
}

TEST(passwords, are_rationed_when_wrong_while_known_ones_pass) {
  live_server server(with_user());
  client one(server.where());
  const auto right = basic("prometheus", "s3cret");
  EXPECT_EQ(one.ask(get("/metrics", right)).status, 200);
  int limited = 0;
  for (int i = 0; i < 25; ++i) {
    const auto answer = one.ask(get("/metrics", basic("prometheus", "guess" + std::to_string(i))));
    if (answer.status == 429) ++limited;
    EXPECT_TRUE(answer.status == 429 || answer.status == 401);
  }
  EXPECT_GE(limited, 8);
  EXPECT_EQ(one.ask(get("/metrics", right)).status, 200) << "guessing locked the scraper out";
  EXPECT_FALSE(one.ask(get("/metrics", basic("x", "y"))).header("retry-after").empty());
}

TEST(passwords, of_a_removed_or_changed_user_are_forgotten) {
  auto options = with_user();
  live_server server(options);
  client one(server.where());
  const auto right = basic("prometheus", "s3cret");
  EXPECT_EQ(one.ask(get("/metrics", right)).status, 200);
  options.users = {{"prometheus", bcrypt("changed")}};
  ASSERT_TRUE(server.reload(options));
  EXPECT_EQ(one.ask(get("/metrics", right)).status, 401);
  EXPECT_EQ(one.ask(get("/metrics", basic("prometheus", "changed"))).status, 200);
}

TEST(basic_header, reads_names_and_passwords) {
  std::string user, password;
  ASSERT_TRUE(read_basic("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", user, password));  // RFC 7617, 2
  EXPECT_EQ(user, "Aladdin");
  EXPECT_EQ(password, "open sesame");
  ASSERT_TRUE(read_basic("YTpiOmM=", user, password));
  EXPECT_EQ(user, "a");
  EXPECT_EQ(password, "b:c");
  for (const std::string_view wrong : {"", "YWJj", "YTpi?g==", "YTpiYw", "=", "====", "AAAA"}) {
    EXPECT_FALSE(read_basic(wrong, user, password)) << wrong;
  }
  EXPECT_FALSE(read_basic(std::string(2000, 'Y'), user, password));
}

}  // namespace
}  // namespace docksweep::web::testing
