// The effective view: it says where a value came from, hides secrets, and reads back as the same settings.
#include "config/effective.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/examples.hpp"
#include "config/support.hpp"

namespace docksweep::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

configuration loaded(std::string_view text, const environment& env = test_environment()) {
  auto out = load_text(text, "c.toml", env);
  EXPECT_TRUE(out) << in_lines(out.error());
  return out.value_or(configuration{});
}

constexpr std::string_view rich = R"(mode = "enforce"
[web]
listen = []
tls = { cert = "/c", key = "/k" }
users = { prometheus = "$2y$05$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234", "a b" = "$2b$05$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234" }
[keep]
images_regex = '\.x "q"'
images = ["a\tb\u0001*"]
[[policy]]
name = "a"
mode = "enforce"
when = { disk_free_below = "1.5GB", images_above = 3, schedule = "@daily", time_zone = "Europe/Berlin", alerts = ['a="b"'] }
until = { disk_free_above = "2000000001B" }
remove = { images = { unused_for = "1h30m", order = "oldest" }, containers = { names = ["*", "!x"] }, volumes = { names = ["v"] } }
keep = { min_age = "0s", images = [] }
limits = { bytes = "1TiB" }
[[policy]]
name = "b"
when = { disk_above = 0.8 }
remove = { images = "dangling" }
[registry."r.example.com:5000"]
username = "u"
password_file = "/p"
)";

bool same(const settings& a, const settings& b) {
  return a.mode == b.mode && a.settle == b.settle && a.engine.host == b.engine.host && a.engine.tls == b.engine.tls &&
         a.engine.timeout == b.engine.timeout && a.engine.paths == b.engine.paths && a.web.listen == b.web.listen &&
         a.web.users == b.web.users && a.keep == b.keep && a.policies == b.policies &&
         a.alertmanager.urls == b.alertmanager.urls && a.alertmanager.node == b.alertmanager.node &&
         a.registries.size() == b.registries.size() && a.hash == b.hash;
}

TEST(effective, reads_back_as_the_same_settings) {
  for (const auto text : {rich, std::string_view(), sound_policy}) {
    const auto first = loaded(text);
    const auto again = loaded(effective_text(first, secrets::shown));
    EXPECT_TRUE(same(first.values, again.values)) << effective_text(first, secrets::shown) << "\n---\n"
                                                  << effective_text(again, secrets::shown);
  }
  for (const auto& example : examples()) {
    const auto first = loaded(example.text);
    EXPECT_TRUE(same(first.values, loaded(effective_text(first, secrets::shown)).values)) << example.name;
  }
}

TEST(effective, says_where_each_value_came_from) {
  auto env = test_environment();
  env.variables["DOCKSWEEP_KEEP_IMAGES_REGEX"] = "x";
  const auto rows = effective_rows(loaded(rich, env));
  EXPECT_THAT(rows, Contains(effective_row{"", "mode", "mode", "\"enforce\"", "c.toml:1"}));
  EXPECT_THAT(rows, Contains(effective_row{"", "settle", "settle", "\"10m\"", "default"}));
  EXPECT_THAT(rows, Contains(effective_row{"[web]", "tls.cert", "web.tls.cert", "\"/c\"", "c.toml:4"}));
  EXPECT_THAT(rows, Contains(effective_row{"[engine]", "tls", "engine.tls", std::nullopt, "default"}));
  EXPECT_THAT(rows, Contains(effective_row{"[keep]", "images_regex", "keep.images_regex", "\"x\"",
                                           "DOCKSWEEP_KEEP_IMAGES_REGEX"}));
  EXPECT_THAT(rows, Contains(effective_row{"[keep]", "images", "keep.images", "[\"a\\tb\\u0001*\"]", "c.toml:8"}));
  EXPECT_THAT(rows, Contains(effective_row{"[[policy]]", "when.disk_free_below", "policy.a.when.disk_free_below",
                                           "\"1500MB\"", "c.toml:12"}));
  EXPECT_THAT(rows, Contains(effective_row{"[[policy]]", "when.for", "policy.b.when.for", "\"30s\"", "default"}));
  EXPECT_THAT(rows,
              Contains(effective_row{"[[policy]]", "keep.min_age", "policy.a.keep.min_age", "\"0s\"", "c.toml:15"}));
  EXPECT_THAT(rows, Contains(effective_row{"[registry]", "\"r.example.com:5000\".username",
                                           "registry.r.example.com:5000.username", "\"u\"", "c.toml:22"}));
  EXPECT_THAT(rows, Not(Contains(Field(&effective_row::path, HasSubstr("policy.b.keep")))))
      << "inherited, so not its own";
}

TEST(effective, hides_secrets_and_refuses_the_mask) {
  const auto text = effective_text(loaded(rich));
  EXPECT_THAT(text, AllOf(HasSubstr("users.prometheus = \"<hidden>\""), HasSubstr("users.\"a b\" = \"<hidden>\""),
                          Not(HasSubstr("$2"))));
  EXPECT_THAT(faults_of(text), HasSubstr("\"<hidden>\" is the mask"));
}

TEST(effective, looks_like_this) {
  EXPECT_THAT(effective_text(loaded("settle = \"5m\"")),
              testing::StartsWith(R"(mode = "observe"                              # default
settle = "5m"                                 # c.toml:1

[engine]
# host is unset
# tls is unset
timeout = "30s"                               # default
)"));
}

TEST(effective_hash, depends_on_values_alone) {
  const auto hash = [](std::string_view text) { return loaded(text).values.hash; };
  EXPECT_EQ(hash(""), hash("\n\nmode = \"observe\" # said"));
  EXPECT_EQ(hash("settle = \"60s\""), hash("settle = \"1m\""));
  EXPECT_NE(hash(""), hash("mode = \"enforce\""));
  EXPECT_NE(hash(sound_policy), hash(""));
  const auto user = [&](char last) {
    return hash(std::string("web.users.a = \"$2y$05$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ0123") + last +
                '"');
  };
  EXPECT_NE(user('4'), user('5')) << "a changed password is a changed configuration";
}

}  // namespace
}  // namespace docksweep::config
