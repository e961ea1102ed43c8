// config.json in all its forms: what is read, what is left alone, what is refused, and that nothing of it is repeated.
#include "engine/credentials/docker_config.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <ostream>

namespace docksweep {
namespace {

using core::failure_code;
using engine::credential;
using engine::docker_config;
using testing::HasSubstr;
using testing::Not;

docker_config parsed(const std::string& text) {
  auto config = docker_config::parse(text, "the file");
  EXPECT_TRUE(config) << config.error().message;
  return config ? std::move(*config) : docker_config();
}

// A login in words, for comparisons: the only place where tests spell a secret out.
std::string spelled(const core::result<std::optional<credential>>& login) {
  if (!login) return "failure";
  if (!*login) return "none";
  const auto& found = **login;
  if (found.is == credential::kind::identity_token) return fmt::format("identity {}", found.value.reveal());
  if (found.is == credential::kind::registry_token) return fmt::format("bearer {}", found.value.reveal());
  return fmt::format("{}:{}", found.username, found.value.reveal());
}

std::string login(const std::string& text, std::string_view host = "reg.example.com",
                  std::string_view path = "team/app") {
  return spelled(parsed(text).login_for(host, path));
}

std::string entry(const std::string& fields) {
  return R"({"auths":{"reg.example.com":{)" + fields + "}}}";
}

struct form {
  std::string_view fields, login;
};
void PrintTo(const form& value, std::ostream* out) {
  *out << value.fields;
}

class entries_of_auths : public testing::TestWithParam<form> {};

TEST_P(entries_of_auths, are_read_in_every_form) {
  EXPECT_EQ(login(entry(std::string(GetParam().fields))), GetParam().login);
}

constexpr form forms[] = {
    {R"("auth":"dXNlcjpwYXNz")", "user:pass"},
    {R"("auth":"dXNlcjpwYXNzd28=")", "user:passwo"},
    {R"("auth":"dXNlcjpwYXNzd28")", "user:passwo"},       // without padding
    {R"("auth":"dXNlcjo/Pz8+Pj4+")", "user:\?\?\?>>>>"},  // '/' and '+'
    {R"("auth":"dXNlcjo_Pz8-Pj4-")", "user:\?\?\?>>>>"},  // '_' and '-'
    {R"("auth":"dXNl\r\ncjpw\nYXNz\n")", "user:pass"},    // line breaks, as Go skips them
    {R"("auth":"dXNlcjphOmI6Yw==")", "user:a:b:c"},       // colons belong to the password
    {R"("auth":"dXNlcjpww6Rzc8O8")", "user:pässü"},       // UTF-8
    {R"("auth":"dXNlcjphCmI=")", "user:a\nb"},            // a line break inside the password
    {R"("auth":"dXNlcjpwYXNzAAA=")", "user:pass"},        // zero bytes behind it
    {R"("auth":"dXNlcjo=")", "user:"},                    // an empty password is one
    {R"("username":"user","password":"pass")", "user:pass"},
    {R"("username":"other","password":"other","auth":"dXNlcjpwYXNz")", "user:pass"},
    {R"("identitytoken":"abc","auth":"MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==")", "identity abc"},
    {R"("registrytoken":"abc")", "bearer abc"},
    {R"("identitytoken":"","registrytoken":null,"auth":"dXNlcjpwYXNz","new":[{}])", "user:pass"},
    {"", "none"},
    {R"("auth":"")", "none"},
    {R"("email":"x@y")", "none"},
    {R"("username":"","password":"")", "none"},
    {R"("auth":"not base64!")", "failure"},
    {R"("auth":"dXNlcjpwYXNz=")", "failure"},  // one padding character too many
    {R"("auth":"dXNl=cjpwYXNz")", "failure"},  // padding inside
    {R"("auth":"dXNlcjpwY")", "failure"},      // one digit alone
    {R"("auth":"dXNlcg==")", "failure"},       // no colon
    {R"("auth":"OnBhc3M=")", "failure"},       // no user
    {R"("auth":"dXNlcjr//w==")", "failure"},   // no UTF-8
    {R"("auth":7)", "failure"},
    {R"("identitytoken":{})", "failure"},
    {R"("username":["user"],"password":"pass")", "failure"},
    {R"("password":"pass")", "failure"},
    {R"("username":"user")", "failure"},
};
INSTANTIATE_TEST_SUITE_P(all, entries_of_auths, testing::ValuesIn(forms));

TEST(docker_config, reads_kubernetes_secrets_of_both_kinds) {
  EXPECT_EQ(login(R"({"auths":{"https://reg.example.com":{"username":"user","password":"pass","email":"x",)"
                  R"("auth":"dXNlcjpwYXNz"}}})"),
            "user:pass");
  const std::string old =
      R"({"https://reg.example.com/v1/":{"auth":"dXNlcjpwYXNz","email":"x"},"other.example.com":{}})";
  EXPECT_EQ(login(old), "user:pass");
  EXPECT_EQ(login(old, "other.example.com"), "none");
}

TEST(docker_config, takes_no_other_setting_for_a_host) {
  const std::string text =
      R"({"proxies":{"username":"user","password":"pass"},"HttpHeaders":{},"detachKeys":"a","auths":{}})";
  EXPECT_EQ(login(text, "proxies"), "none");
  EXPECT_EQ(login(R"({"detachKeys":"a","plugins":{"x":{}},"reg.example.com":[]})"), "none");
}

TEST(docker_config, finds_the_hub_by_all_of_its_names) {
  for (const std::string key :
       {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"}) {
    const auto text = R"({"auths":{")" + key + R"(":{"auth":"dXNlcjpwYXNz"}}})";
    for (const std::string host : {"docker.io", "index.docker.io", "registry-1.docker.io"}) {
      EXPECT_EQ(login(text, host, "library/alpine"), "user:pass") << key;
    }
    EXPECT_EQ(login(text, "docker.io.example.com", "library/alpine"), "none") << key;
  }
}

TEST(docker_config, prefers_the_spelling_that_docker_login_writes) {
  const std::string hub = R"("https://index.docker.io/v1/":{"username":"new","password":"p"})";
  const std::string old = R"("docker.io":{"username":"old","password":"p"})";
  EXPECT_EQ(login(R"({"auths":{)" + hub + "," + old + "}}", "docker.io"), "new:p");
  EXPECT_EQ(login(R"({"auths":{)" + old + "," + hub + "}}", "docker.io"), "new:p");
}

TEST(docker_config, the_nearest_key_wins) {
  const std::string text = R"({"auths":{
      "*.example.com":{"username":"glob","password":"p"},
      "*.example.com/team":{"username":"glob-team","password":"p"},
      "reg.example.com":{"username":"all","password":"p"},
      "reg.example.com/team":{"username":"team","password":"p"},
      "reg.example.com/team/app":{"username":"app","password":"p"},
      "reg.example.com/team/empty":{},
      "reg.example.com:5000":{"username":"port","password":"p"}}})";
  EXPECT_EQ(login(text, "reg.example.com", "team/app"), "app:p");
  EXPECT_EQ(login(text, "reg.example.com", "team/app2"), "team:p");
  EXPECT_EQ(login(text, "reg.example.com", "team/empty"), "team:p");
  EXPECT_EQ(login(text, "reg.example.com", "teamwork"), "all:p");
  EXPECT_EQ(login(text, "REG.example.com", "other"), "all:p");
  EXPECT_EQ(login(text, "reg.example.com:5000", "team/app"), "port:p");
  EXPECT_EQ(login(text, "reg.example.com:5001", "team/app"), "none");
  EXPECT_EQ(login(text, "eu.example.com", "team/app"), "glob-team:p");
  EXPECT_EQ(login(text, "eu.example.com", "other"), "glob:p");
  EXPECT_EQ(login(text, "a.eu.example.com", "team/app"), "none");
}

TEST(docker_config, an_odd_entry_spoils_no_other_registry) {
  const std::string text = R"({"auths":{"odd.example.com":{"auth":"%%%"},"list.example.com":[],"nil.example.com":null,
      "user:word@x":{"auth":"%%%"},"":{"auth":"%%%"},"reg.example.com":{"auth":"dXNlcjpwYXNz"}},
      "credHelpers":{"number.example.com":7,"a/b":7}})";
  EXPECT_EQ(login(text), "user:pass");
  EXPECT_EQ(login(text, "odd.example.com"), "failure");
  EXPECT_EQ(login(text, "list.example.com"), "failure");
  EXPECT_EQ(login(text, "nil.example.com"), "none");
  const auto config = parsed(text);
  EXPECT_EQ(config.helper_for("reg.example.com").value(), "");
  ASSERT_FALSE(config.helper_for("number.example.com"));
  EXPECT_THAT(config.helper_for("number.example.com").error().message,
              HasSubstr("the file: the entry for number.example.com"));
  const auto odd = config.login_for("odd.example.com", "app");
  EXPECT_EQ(odd.error().code, failure_code::invalid);
  EXPECT_THAT(odd.error().message,
              HasSubstr("the file: the entry for odd.example.com cannot be used: its auth is no base64"));
}

TEST(docker_config, a_helper_of_the_registry_comes_before_the_one_for_all) {
  const auto config =
      parsed(R"({"credsStore":"all","credHelpers":{"reg.example.com":"one","https://index.docker.io/v1/":
      "hub","docker.io":"old","none.example.com":"","*.glob.example.com":"glob","path.example.com/team":"path"}})");
  EXPECT_EQ(config.helper_for("reg.example.com").value(), "one");
  EXPECT_EQ(config.helper_for("Reg.Example.com").value(), "one");
  EXPECT_EQ(config.helper_for("reg.example.com:5000").value(), "all");
  EXPECT_EQ(config.helper_for("docker.io").value(), "hub");
  EXPECT_EQ(config.helper_for("none.example.com").value(), "");
  EXPECT_EQ(config.helper_for("a.glob.example.com").value(), "all");
  EXPECT_EQ(config.helper_for("path.example.com").value(), "all");
  EXPECT_EQ(parsed("{}").helper_for("reg.example.com").value(), "");
}

TEST(docker_config, empty_text_is_an_empty_configuration) {
  for (const std::string text : {"", " \n\t", "{}", R"({"auths":null,"credHelpers":null,"credsStore":null})"}) {
    EXPECT_EQ(login(text), "none") << text;
  }
}

TEST(docker_config, what_is_broken_is_refused_without_a_word_of_it) {
  const std::string secret = "hunter2xyz";
  const std::string broken[] = {
      R"({"auths":{"reg.example.com":{"username":"user","password":"hunter2xyz"}})",  // a brace is missing
      R"({"auths":{"reg.example.com":{"username":"user","password":"hunter2xyz}}})",  // a quote is missing
      R"({"auths":{"reg.example.com":{"password":hunter2xyz}}})",
      R"({"auths":"hunter2xyz"})",
      R"({"auths":["hunter2xyz"]})",
      R"({"credHelpers":"hunter2xyz"})",
      R"({"credsStore":{"hunter2xyz":1}})",
      R"(["hunter2xyz"])",
      R"("hunter2xyz")",
      "hunter2xyz",
      R"({"auths":{}} hunter2xyz)",
      R"({"a":)" + std::string(50, '[') + "\"hunter2xyz\"" + std::string(50, ']') + "}",
      R"({"a":")" + std::string(engine::config_limit_bytes, 'a') + R"(hunter2xyz"})",
  };
  for (const auto& text : broken) {
    const auto config = docker_config::parse(text, "the file");
    ASSERT_FALSE(config) << text.substr(0, 80);
    EXPECT_THAT(config.error().message, HasSubstr("the file"));
    EXPECT_THAT(config.error().message, Not(HasSubstr(secret)));
    EXPECT_THAT(config.error().code, testing::AnyOf(failure_code::invalid, failure_code::too_large));
  }
  EXPECT_EQ(docker_config::parse(broken[12], "the file").error().code, failure_code::too_large);
}

TEST(docker_config, a_file_as_large_as_allowed_is_read) {
  std::string text = R"({"auths":{"reg.example.com":{"auth":"dXNlcjpwYXNz"}},"a":")";
  text += std::string(engine::config_limit_bytes - text.size() - 2, 'a') + "\"}";
  EXPECT_EQ(login(text), "user:pass");
}

}  // namespace
}  // namespace docksweep
