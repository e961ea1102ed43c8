// Users, tokens and their limits, over real sockets; hashes are bcrypt's at the lowest cost.
#include "web/credentials.hpp"

#include <crypt.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstring>
#include <set>
#include <vector>

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

// What bcrypt was asked to do: the setting (cost and salt) of each computation.
class counted_passwords {
 public:
  explicit counted_passwords(password_checker::user_map users)
      : checker_([this](const std::string& password, const std::string& hash) {
          settings_.push_back(hash.substr(0, 29));
          return bcrypt_matches(password, hash);
        }) {
    checker_.set_users(std::move(users));
  }
  password_verdict check(const std::string& user, const std::string& password) {
    auto found = boost::asio::co_spawn(io_, checker_.check(user, password), boost::asio::use_future);
    io_.restart();
    io_.run();
    return found.get();
  }
  const std::vector<std::string>& settings() const { return settings_; }

 private:
  boost::asio::io_context io_;
  std::vector<std::string> settings_;  // written by the checker's thread, read when it has answered
  password_checker checker_;
};

TEST(passwords, cost_a_scraper_one_bcrypt_in_its_life) {
  counted_passwords passwords({{"prometheus", bcrypt("s3cret")}});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(passwords.check("prometheus", "s3cret"), password_verdict::right);
  EXPECT_EQ(passwords.settings().size(), 1U);
  EXPECT_EQ(passwords.check("prometheus", "wrong"), password_verdict::wrong);
  EXPECT_EQ(passwords.check("prometheus", "wrong"), password_verdict::wrong);
  EXPECT_EQ(passwords.settings().size(), 3U) << "only right ones are remembered";
}

TEST(passwords, of_unknown_users_cost_what_those_of_users_cost) {
  const auto cheap = bcrypt("one", 4), dear = bcrypt("two", 5);
  std::set<std::string> drawn;
  for (const std::string name : {"anna", "bert", "carl", "dora", "emil", "fritz", "gustav", "hans", "ida",  "jo",
                                 "karl", "lene", "max",  "nora", "otto", "paul",  "quirin", "rosa", "sepp", "toni"}) {
    counted_passwords passwords({{"cheap", cheap}, {"dear", dear}});
    EXPECT_EQ(passwords.check(name, "guess"), password_verdict::wrong);
    EXPECT_EQ(passwords.check(name, "one"), password_verdict::wrong) << "a stand-in has no password";
    ASSERT_EQ(passwords.settings().size(), 2U) << "an unknown name costs as many computations as a known one";
    EXPECT_EQ(passwords.settings()[0], passwords.settings()[1]) << "the same name costs the same each time";
    drawn.insert(passwords.settings()[0]);
  }
  EXPECT_EQ(drawn, (std::set<std::string>{cheap.substr(0, 29), dear.substr(0, 29)}))
      << "one cost tells users from others";
}

TEST(tokens, are_rationed_when_wrong_while_the_right_one_passes) {
  const temporary_folder folder;
  auto options = local_options();
  options.token_file = folder.write("token", "0123456789abcdef0123\n");
  live_server server(options);
  client one(server.where());
  int limited = 0;
  for (int i = 0; i < 25; ++i) {
    const auto answer = one.ask(post("/-/reload", wrong_token));
    if (answer.status == 429) ++limited;
    EXPECT_TRUE(answer.status == 429 || answer.status == 401);
  }
  EXPECT_GE(limited, 8);
  EXPECT_EQ(server.counts().counted("reload", 401) + server.counts().counted("reload", 429), 25);
  EXPECT_EQ(one.ask(post("/-/reload", right_token)).status, 200) << "guessing locked the caller out";
}

TEST(credentials, that_are_missing_are_explained_to_who_posts) {
  live_server server(local_options());
  const auto refused = client(server.where()).ask(post("/-/reload", right_token));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("Set token_file"), std::string::npos) << refused.body;
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

TEST(passwords, hold_up_no_shutdown) {
  auto server = [] {
    auto options = with_user();
    options.users["prometheus"].replace(4, 2, "17");  // another cost: many seconds of bcrypt for each check
    return std::make_unique<live_server>(options);
  }();
  std::vector<std::unique_ptr<client>> guessing;
  for (int i = 0; i < 3; ++i) {
    guessing.push_back(std::make_unique<client>(server->where()));
    guessing.back()->send(get("/metrics", basic("prometheus", "guess" + std::to_string(i))));
  }
  std::this_thread::sleep_for(50ms);
  const auto began = std::chrono::steady_clock::now();
  server.reset();  // stops, and waits until nothing is left to do
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1500ms);
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
