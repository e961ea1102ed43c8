// Which key of config.json means which registry, and which repositories.
#include "engine/credentials/registry_key.hpp"

#include <gmock/gmock.h>

#include <ostream>

namespace docksweep {
namespace {

using engine::parse_registry_key;

struct spelling {
  std::string_view text, host, path;
};
void PrintTo(const spelling& value, std::ostream* out) {
  *out << value.text;
}

class registry_keys : public testing::TestWithParam<spelling> {};

TEST_P(registry_keys, are_read_in_every_spelling) {
  const auto key = parse_registry_key(GetParam().text);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->host, GetParam().host);
  EXPECT_EQ(key->path, GetParam().path);
}

constexpr spelling spellings[] = {
    {"https://index.docker.io/v1/", "docker.io", ""},
    {"https://index.docker.io/v1", "docker.io", ""},
    {"http://INDEX.docker.io/v2/", "docker.io", ""},
    {"index.docker.io", "docker.io", ""},
    {"docker.io", "docker.io", ""},
    {"docker.io/library", "docker.io", "library"},
    {"registry-1.docker.io", "docker.io", ""},
    {"Reg.Example.com", "reg.example.com", ""},
    {"reg.example.com:5000", "reg.example.com:5000", ""},
    {"HTTPS://reg.example.com:5000/v2/", "reg.example.com:5000", ""},
    {"https://reg.example.com/", "reg.example.com", ""},
    {"reg.example.com/v1/", "reg.example.com", ""},
    {"https://reg.example.com/v2/team/app", "reg.example.com", "team/app"},
    {"reg.example.com/v2/team", "reg.example.com", "v2/team"},  // no URL: podman's key of a folder named v2
    {"reg.example.com/Team/app/", "reg.example.com", "Team/app"},
    {"localhost", "localhost", ""},
    {"[::1]:5000", "[::1]:5000", ""},
    {"*.example.com", "*.example.com", ""},
    {"registry-1.docker.io.example.com", "registry-1.docker.io.example.com", ""},
    {"index.docker.io:443", "index.docker.io:443", ""},
};
INSTANTIATE_TEST_SUITE_P(all, registry_keys, testing::ValuesIn(spellings));

TEST(registry_key, is_none_where_no_host_can_be_meant) {
  for (const std::string_view text :
       {"", "/", "https://", "ftp://reg.example.com", "user:word@reg.example.com", "reg example.com",
        "reg.example.com?x=1", "reg.example.com/a?x", "reg.example.com/a#x", "reg.exa\nmple.com", "réf.example.com"}) {
    EXPECT_FALSE(parse_registry_key(text)) << text;
  }
}

struct meeting {
  std::string_view key, host, path;
  bool speaks;
};
void PrintTo(const meeting& value, std::ostream* out) {
  *out << value.key << " for " << value.host << '/' << value.path;
}

class registry_key_matches : public testing::TestWithParam<meeting> {};

TEST_P(registry_key_matches, hosts_and_folders) {
  const auto key = parse_registry_key(GetParam().key);
  ASSERT_TRUE(key);
  EXPECT_EQ(speaks_for(*key, GetParam().host, GetParam().path), GetParam().speaks);
}

constexpr meeting meetings[] = {
    {"reg.example.com", "reg.example.com", "team/app", true},
    {"reg.example.com", "reg.example.com:5000", "team/app", false},
    {"reg.example.com:5000", "reg.example.com", "team/app", false},
    {"reg.example.com", "reg.example.com.evil.org", "team/app", false},
    {"reg.example.com", "evil-reg.example.com", "team/app", false},
    {"reg.example.com/team", "reg.example.com", "team/app", true},
    {"reg.example.com/team", "reg.example.com", "team", true},
    {"reg.example.com/team", "reg.example.com", "teamwork/app", false},
    {"reg.example.com/team", "reg.example.com", "other/team", false},
    {"reg.example.com/team/app", "reg.example.com", "team", false},
    {"*.example.com", "reg.example.com", "app", true},
    {"*.example.com", "example.com", "app", false},
    {"*.example.com", "a.reg.example.com", "app", false},
    {"*.*.example.com", "a.reg.example.com", "app", true},
    {"reg*.example.com", "reg-eu.example.com", "app", true},
    {"reg*.example.com", "eu-reg.example.com", "app", false},
    {"*g.example.com", "reggg.example.com", "app", true},
    {"r*e*g.example.com", "rxxexg.example.com", "app", true},
    {"r*e*g.example.com", "rxxexga.example.com", "app", false},
    {"reg.*", "reg.example", "app", true},
    {"reg.*", "reg.example.com", "app", false},
    {"*.example.com", "reg.example.com:5000", "app", false},
    {"*.example.com:5000", "reg.example.com:5000", "app", true},
    {"*.example.com:*", "reg.example.com:5000", "app", false},
    {"*", "localhost", "app", true},
    {"*", "reg.example.com", "app", false},
    {"*.example.com/team", "reg.example.com", "team/app", true},
    {"*.example.com/team", "reg.example.com", "other/app", false},
    {"*.docker.io", "docker.io", "library/alpine", false},
    {"[::1]:5000", "[::1]:5000", "app", true},
    {"[::1]", "[::1]:5000", "app", false},
};
INSTANTIATE_TEST_SUITE_P(all, registry_key_matches, testing::ValuesIn(meetings));

TEST(registry_key, the_nearer_one_is_exact_then_longer_then_has_more_letters) {
  const auto is_nearer = [](std::string_view left, std::string_view right) {
    const auto a = *parse_registry_key(left), b = *parse_registry_key(right);
    EXPECT_FALSE(nearer(a, b) && nearer(b, a));
    return nearer(a, b);
  };
  EXPECT_TRUE(is_nearer("reg.example.com/team", "reg.example.com"));
  EXPECT_TRUE(is_nearer("reg.example.com", "*.example.com/team/app"));
  EXPECT_TRUE(is_nearer("*.example.com/team", "*.example.com"));
  EXPECT_TRUE(is_nearer("*.example.com", "*.*.com"));
  EXPECT_FALSE(is_nearer("docker.io", "https://index.docker.io/v1/"));
}

TEST(registry_key, names_the_hub_as_the_docker_cli_does) {
  for (const std::string_view host : {"docker.io", "index.docker.io", "Registry-1.docker.io"}) {
    EXPECT_EQ(engine::canonical_host(host), "docker.io");
    EXPECT_EQ(engine::server_address(host), "https://index.docker.io/v1/");
  }
  EXPECT_EQ(engine::server_address("Reg.Example.com:5000"), "reg.example.com:5000");
}

}  // namespace
}  // namespace docksweep
