// Listen addresses, header values, targets: text from outside as values.
#include <gtest/gtest.h>

#include "web/address.hpp"
#include "web/content.hpp"
#include "web/listener.hpp"

namespace docksweep::web {
namespace {

using kind = listen_address::kind;

TEST(listen_address, reads_every_form) {
  EXPECT_EQ(parse_listen_address("0.0.0.0:9713"), (listen_address{kind::tcp, "0.0.0.0", 9713, ""}));
  EXPECT_EQ(parse_listen_address("[::1]:9713"), (listen_address{kind::tcp, "::1", 9713, ""}));
  EXPECT_EQ(parse_listen_address(":9713"), (listen_address{kind::tcp, "", 9713, ""}));
  EXPECT_EQ(parse_listen_address("node-7:0"), (listen_address{kind::tcp, "node-7", 0, ""}));
  EXPECT_EQ(parse_listen_address("unix:///run/x.sock"), (listen_address{kind::unix_socket, "", 0, "/run/x.sock"}));
  EXPECT_EQ(parse_listen_address("systemd"), (listen_address{kind::systemd, "", 0, ""}));
}

TEST(listen_address, refuses_everything_else_and_says_what_is_allowed) {
  for (const auto text : {"", "9713", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1",
                          "::1:9713", "[::1]", "http://localhost:9713", "tcp://0.0.0.0:9713", "unix://", "unix://run/x",
                          "unix:///run/", "a b:1", "localhost:9713/metrics"}) {
    const auto parsed = parse_listen_address(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, core::failure_code::invalid);
    EXPECT_NE(parsed.error().message.find("unix:///path"), std::string::npos) << parsed.error().message;
  }
  EXPECT_FALSE(parse_listen_address("unix:///" + std::string(120, 'x')));
}

TEST(inherited_descriptors, are_those_for_this_process) {
  EXPECT_EQ(inherited_descriptors("77", "2", 77), (std::vector<int>{3, 4}));
  EXPECT_TRUE(inherited_descriptors("77", "2", 78).empty());
  EXPECT_TRUE(inherited_descriptors("", "", 77).empty());
  EXPECT_TRUE(inherited_descriptors("77", "-3", 77).empty());
  EXPECT_TRUE(inherited_descriptors("77x", "2", 77).empty());
  EXPECT_EQ(inherited_descriptors("77", "999999", 77).size(), 64U);
}

TEST(gzip, is_accepted_as_the_header_says) {
  for (const auto text :
       {"gzip", "gzip, deflate", "deflate, GZIP;q=0.5", "*", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=1"}) {
    EXPECT_TRUE(accepts_gzip(text)) << text;
  }
  for (const auto text : {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "x-gzipped"}) {
    EXPECT_FALSE(accepts_gzip(text)) << text;
  }
}

struct target_case {
  std::string_view target;
  bool fine;
  std::string_view path, query;
};

TEST(target, is_split_and_decoded) {
  const target_case cases[] = {
      {"/", true, "/", ""},
      {"/metrics", true, "/metrics", ""},
      {"/api/v1/sweep?policy=night%20ly", true, "/api/v1/sweep", "policy=night%20ly"},
      {"/a%2Fb%41", true, "/a/bA", ""},
      {"http://host:1/x?y", true, "/x", "y"},
      {"HTTPS://host", true, "/", ""},
      {"http://host?y", true, "/", "y"},
      {"/%", false, "", ""},
      {"/%4", false, "", ""},
      {"/%g0", false, "", ""},
      {"/%00", false, "", ""},
      {"*", false, "", ""},
      {"", false, "", ""},
      {"metrics", false, "", ""},
  };
  for (const auto& one : cases) {
    std::string path, query;
    ASSERT_EQ(split_target(one.target, path, query), one.fine) << one.target;
    if (!one.fine) continue;
    EXPECT_EQ(path, one.path);
    EXPECT_EQ(query, one.query);
  }
}

}  // namespace
}  // namespace docksweep::web
