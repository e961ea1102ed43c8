// Who may see what: the whole table, and the readings that lead to it.
#include "web/access.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace docksweep::web {
namespace {

constexpr area areas[] = {area::probe, area::metrics, area::page, area::api};
constexpr identity identities[] = {identity::nobody, identity::unknown, identity::reader, identity::caller};

// The rules of DESIGN.md once more, said another way than in access.cpp.
bool may(const access_query& query) {
  const bool reads = query.who == identity::reader || query.who == identity::caller;
  if (query.post)
    return query.same_origin && query.who == identity::caller && (query.setup.token || query.setup.client_ca);
  if (query.what == area::probe) return true;
  if (query.setup.any()) return reads;
  return query.what == area::metrics || query.local;
}

TEST(access, follows_the_rules_for_every_path_method_peer_and_credential) {
  int allowed = 0, all = 0;
  for (int bits = 0; bits < 64; ++bits) {
    for (const auto what : areas) {
      for (const auto who : identities) {
        access_query query{.post = (bits & 1) != 0,
                           .what = what,
                           .local = (bits & 2) != 0,
                           .same_origin = (bits & 4) != 0,
                           .who = who};
        query.setup = {(bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0};
        const auto verdict = decide_access(query);
        const auto text =
            fmt::format("bits {} area {} identity {}", bits, static_cast<int>(what), static_cast<int>(who));
        EXPECT_EQ(verdict.status == 200, may(query)) << text;
        EXPECT_EQ(verdict.reason.empty(), verdict.status == 200) << text;
        if (verdict.status == 401) {
          response answer;
          add_challenges(answer, query.setup, query.post);
          EXPECT_FALSE(answer.headers.empty()) << "a 401 without a challenge: " << text;
        }
        allowed += verdict.status == 200 ? 1 : 0;
        ++all;
      }
    }
  }
  EXPECT_EQ(all, 1024);
  EXPECT_GT(allowed, 100);
}

TEST(access, says_how_to_allow_a_post_where_no_credential_is_configured) {
  const auto verdict = decide_access({.post = true, .what = area::api, .local = true});
  EXPECT_EQ(verdict.status, 403);
  EXPECT_NE(verdict.reason.find("token_file"), std::string_view::npos);
  EXPECT_NE(verdict.reason.find("client_ca"), std::string_view::npos);
}

request local_get(std::string host) {
  request made;
  made.method = "GET";
  made.from_loopback = true;
  made.headers = {{"host", std::move(host)}};
  return made;
}

TEST(access, trusts_a_local_peer_only_under_a_name_of_this_machine) {
  const std::vector<std::string> names = {"node-7"};
  for (const auto host : {"localhost", "LOCALHOST:9713", "127.0.0.1:9713", "[::1]:9713", "10.0.0.7", "node-7:9713",
                          "Node-7", "localhost."}) {
    EXPECT_TRUE(is_local_request(local_get(host), names)) << host;
  }
  for (const auto host : {"evil.example", "evil.example:9713", "localhost.evil.example", "127.0.0.1.evil.example", "",
                          "node-8", "[::1"}) {
    EXPECT_FALSE(is_local_request(local_get(host), names)) << host;
  }
}

TEST(access, does_not_take_a_proxys_requests_for_local_ones) {
  for (const auto header : {"forwarded", "x-forwarded-for", "x-real-ip", "via"}) {
    auto what = local_get("localhost");
    EXPECT_TRUE(is_local_request(what, {}));
    what.headers.emplace_back(header, "203.0.113.9");
    EXPECT_FALSE(is_local_request(what, {})) << header;
  }
  auto remote = local_get("localhost");
  remote.from_loopback = false;
  EXPECT_FALSE(is_local_request(remote, {}));
}

TEST(access, knows_a_foreign_origin) {
  const auto with = [](std::string name, std::string value) {
    auto what = local_get("localhost:9713");
    what.headers.emplace_back(std::move(name), std::move(value));
    return is_same_origin(what);
  };
  EXPECT_TRUE(is_same_origin(local_get("localhost:9713")));
  EXPECT_TRUE(with("origin", "http://localhost:9713"));
  EXPECT_FALSE(with("origin", "http://localhost:8080"));
  EXPECT_FALSE(with("origin", "https://evil.example"));
  EXPECT_FALSE(with("origin", "null"));
  EXPECT_TRUE(with("sec-fetch-site", "same-origin"));
  EXPECT_TRUE(with("sec-fetch-site", "none"));
  EXPECT_FALSE(with("sec-fetch-site", "cross-site"));
  EXPECT_FALSE(with("sec-fetch-site", "same-site"));
}

}  // namespace
}  // namespace docksweep::web
