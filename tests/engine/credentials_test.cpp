// Which source has the word, and what is said when one is broken.
#include "engine/credentials/credentials.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper_scripts.hpp"
#include "net/base64.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using testing::HasSubstr;
using testing::Not;

const std::string the_secret = "hunter2-Qx9";

std::string config(const std::string& host, const std::string& user) {
  return fmt::format(R"({{"auths":{{"{}":{{"username":"{}","password":"hunter2-Qx9"}}}}}})", host, user);
}

class registry_credentials : public test::helper_scripts {
 protected:
  core::result<std::string> header(const std::string& host = "reg.example.com", const std::string& path = "team/app") {
    sources.search_path = search_path();
    engine::credentials known(context.get_executor(), sources);
    return test::run_task(context, known.header_for(host, path));
  }
  // The user of the header; "" for none, "failure" for a failure.
  std::string user(const std::string& host = "reg.example.com", const std::string& path = "team/app") {
    const auto got = header(host, path);
    if (!got) return "failure";
    if (got->empty()) return "";
    const auto text = net::decode_base64(*got).value_or("");
    const std::string before = R"({"username":")";
    if (!text.starts_with(before)) return text;
    return text.substr(before.size(), text.find('"', before.size()) - before.size());
  }
  core::failure failure(const std::string& host = "reg.example.com") {
    const auto got = header(host);
    EXPECT_FALSE(got);
    if (got) return {};
    EXPECT_THAT(got.error().message, Not(HasSubstr(the_secret)));
    return got.error();
  }
  std::string file(const std::string& name, const std::string& text) {
    write(folder.file(name), text);
    return folder.file(name);
  }

  engine::credential_sources sources;
};

TEST_F(registry_credentials, without_a_source_every_registry_is_anonymous) {
  EXPECT_EQ(header().value(), "");
  sources.config_file = folder.file("none/config.json");
  EXPECT_EQ(header().value(), "");
  sources.config_file = file("config.json", config("other.example.com", "other"));
  EXPECT_EQ(header().value(), "");
}

TEST_F(registry_credentials, the_first_source_with_an_entry_wins) {
  sources.auth_file = file("auth.json", config("reg.example.com", "auth-file"));
  sources.registries["reg.example.com"] = {"registries", file("password", "hunter2-Qx9")};
  sources.inline_config = config("reg.example.com", "inline");
  sources.config_file = file("config.json", config("reg.example.com", "config-file"));
  EXPECT_EQ(user(), "auth-file");
  sources.auth_file = file("auth.json", config("other.example.com", "other"));
  EXPECT_EQ(user(), "registries");
  sources.registries.clear();
  EXPECT_EQ(user(), "inline");
  sources.inline_config = R"({"auths":{"reg.example.com":{}}})";
  EXPECT_EQ(user(), "config-file");
  EXPECT_EQ(user("other.example.com"), "other");
}

TEST_F(registry_credentials, the_header_is_what_the_engine_reads) {
  sources.inline_config = config("docker.io", "user");
  EXPECT_EQ(net::decode_base64(header("docker.io", "library/alpine").value()),
            R"({"username":"user","password":"hunter2-Qx9","serveraddress":"https://index.docker.io/v1/"})");
}

TEST_F(registry_credentials, files_are_read_at_each_use) {
  sources.config_file = file("config.json", config("reg.example.com", "first"));
  EXPECT_EQ(user(), "first");
  file("config.json", config("reg.example.com", "second"));
  EXPECT_EQ(user(), "second");
  std::filesystem::remove(folder.file("config.json"));
  EXPECT_EQ(user(), "");
}

TEST_F(registry_credentials, a_password_file_loses_one_line_break_and_is_read_at_each_use) {
  sources.registries["reg.example.com"] = {"user", folder.file("password")};
  const auto password_of = [&](const std::string& text) {
    file("password", text);
    const auto header_text = net::decode_base64(header().value_or("")).value_or("");
    const std::string before = R"("password":")";
    const auto at = header_text.find(before) + before.size();
    return header_text.substr(at, header_text.find(R"(",")", at) - at);
  };
  EXPECT_EQ(password_of("a:b"), "a:b");
  EXPECT_EQ(password_of("other\n"), "other");
  EXPECT_EQ(password_of("other\r\n"), "other");
  EXPECT_EQ(password_of("two\n\n"), "two\\n");
  EXPECT_EQ(password_of(" spaces "), " spaces ");
}

TEST_F(registry_credentials, registries_of_the_configuration_are_keys_like_others) {
  const auto password = file("password", "x");
  sources.registries["Index.Docker.IO"] = {"hub", password};
  sources.registries["REG.example.com:5000"] = {"port", password};
  sources.registries["*.example.com"] = {"glob", password};
  sources.registries["https://reg.example.com/v1/"] = {"exact", password};
  EXPECT_EQ(user("docker.io", "library/alpine"), "hub");
  EXPECT_EQ(user("reg.example.com:5000"), "port");
  EXPECT_EQ(user("reg.example.com"), "exact");
  EXPECT_EQ(user("eu.example.com"), "glob");
  EXPECT_EQ(user("reg.example.org"), "");
}

TEST_F(registry_credentials, a_helper_comes_before_auths_and_leaves_to_them_what_it_does_not_know) {
  helper("one", R"(echo '{"Username":"one","Secret":"x"}')");
  helper("all",
         R"(read host; [ "$host" = known.example.com ] || { echo credentials not found in native keychain; exit 1; }
                   echo '{"Username":"all","Secret":"x"}')");
  sources.config_file = file("config.json", R"({"credsStore":"all","credHelpers":{"reg.example.com":"one"},"auths":{
      "reg.example.com":{"auth":"YXV0aHM6eA=="},"known.example.com":{"auth":"YXV0aHM6eA=="},
      "other.example.com":{"auth":"YXV0aHM6eA=="}}})");
  EXPECT_EQ(user("reg.example.com"), "one");
  EXPECT_EQ(user("known.example.com"), "all");
  EXPECT_EQ(user("other.example.com"), "auths");
  EXPECT_EQ(user("unknown.example.com"), "");
}

TEST_F(registry_credentials, a_helper_that_fails_is_no_anonymous_pull) {
  sources.config_file =
      file("config.json", R"({"credsStore":"nosuch","auths":{"reg.example.com":{"auth":"YXV0aHM6eA=="}}})");
  EXPECT_THAT(failure().message, HasSubstr("docker-credential-nosuch"));
}

TEST_F(registry_credentials, an_identity_token_is_sent_as_one) {
  helper("token", R"(echo '{"Username":"<token>","Secret":"abc"}')");
  sources.inline_config = R"({"credHelpers":{"reg.example.com":"token"}})";
  EXPECT_EQ(user(), R"({"identitytoken":"abc","serveraddress":"reg.example.com"})");
}

TEST_F(registry_credentials, broken_sources_are_named_and_not_repeated) {
  sources.auth_file = folder.file("missing.json");
  EXPECT_THAT(failure().message, HasSubstr("missing.json, is not there"));
  sources.auth_file = file("auth.json", "{\"auths\":{\"reg.example.com\":{\"password\":hunter2-Qx9}}}");
  EXPECT_THAT(failure().message, HasSubstr("auth.json is no configuration of registry credentials"));
  sources.auth_file = folder.path().string();
  EXPECT_THAT(failure().message, HasSubstr("no regular file"));
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  sources.auth_file = folder.file("fifo");  // nobody writes to it: reading it would hang
  EXPECT_THAT(failure().message, HasSubstr("no regular file"));
  sources.auth_file = file("auth.json", std::string((1 << 20) + 1, ' ') + the_secret);
  EXPECT_EQ(failure().code, failure_code::too_large);
  sources.auth_file.clear();

  sources.inline_config = "{hunter2-Qx9";
  EXPECT_THAT(failure().message, HasSubstr("DOCKER_AUTH_CONFIG is no configuration"));
  sources.inline_config.clear();
  sources.config_file = file("config.json", the_secret);
  EXPECT_THAT(failure().message, HasSubstr("config.json is no configuration"));
}

TEST_F(registry_credentials, a_password_file_that_does_not_serve_fails_its_own_registry) {
  sources.inline_config = config("other.example.com", "other");
  sources.registries["reg.example.com"] = {"user", folder.file("password")};
  EXPECT_THAT(failure().message, HasSubstr("password is not there"));
  EXPECT_EQ(user("other.example.com"), "other");
  file("password", "\n");
  EXPECT_THAT(failure().message, HasSubstr("is empty"));
  file("password", the_secret + "\xFF");
  EXPECT_THAT(failure().message, HasSubstr("no UTF-8"));
  file("password", std::string(70000, 'x'));
  EXPECT_EQ(failure().code, failure_code::too_large);
}

TEST_F(registry_credentials, an_entry_that_cannot_be_used_does_not_become_anonymous) {
  sources.auth_file = file("auth.json", R"({"auths":{"reg.example.com":{"auth":"hunter2-Qx9%"}}})");
  sources.inline_config = config("reg.example.com", "inline");
  EXPECT_THAT(failure().message, HasSubstr("entry for reg.example.com cannot be used"));
  EXPECT_EQ(user("other.example.com"), "");
}

TEST_F(registry_credentials, what_is_no_registry_is_refused_before_any_source_is_asked) {
  sources.config_file = file("config.json", R"({"credsStore":"touches"})");
  helper("touches", "touch $here/asked; echo '{}'");
  for (const std::string& host :
       std::vector<std::string>{"", "a b", "reg.example.com\nother.example.com", "*.example.com", "a/b", "user@reg",
                                std::string("reg\0x", 5)}) {
    const auto got = header(host);
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().code, failure_code::invalid);
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("asked")));
}

}  // namespace
}  // namespace docksweep
