// The value of X-Registry-Auth, and that secrets are not printed by accident.
#include "engine/credentials/registry_auth.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <ostream>
#include <sstream>

#include "net/base64.hpp"

namespace docksweep {
namespace {

using engine::credential;
using engine::secret;
using testing::HasSubstr;
using testing::Not;

std::string decoded(const credential& login, std::string_view host) {
  return net::decode_base64(registry_auth(login, host)).value_or("no base64");
}

TEST(registry_auth, writes_each_kind_of_credential) {
  const credential password{.username = "user", .value = secret("pass\"wörd\n")};
  EXPECT_EQ(decoded(password, "reg.example.com:5000"),
            R"({"username":"user","password":"pass\"wörd\n","serveraddress":"reg.example.com:5000"})");
  const credential identity{.is = credential::kind::identity_token, .value = secret("abc")};
  EXPECT_EQ(decoded(identity, "docker.io"), R"({"identitytoken":"abc","serveraddress":"https://index.docker.io/v1/"})");
  const credential bearer{.is = credential::kind::registry_token, .value = secret("abc")};
  EXPECT_EQ(decoded(bearer, "Reg.example.com"), R"({"registrytoken":"abc","serveraddress":"reg.example.com"})");
}

// dockerd decodes with Go's base64.URLEncoding: another alphabet or no padding, and it pulls without a credential.
TEST(registry_auth, is_base64url_with_padding) {
  EXPECT_EQ(net::encode_base64url(""), "");
  EXPECT_EQ(net::encode_base64url("a"), "YQ==");
  EXPECT_EQ(net::encode_base64url("ab"), "YWI=");
  EXPECT_EQ(net::encode_base64url("abc"), "YWJj");
  EXPECT_EQ(net::encode_base64url("\?\?\?>>>"), "Pz8_Pj4-");
  EXPECT_EQ(net::encode_base64url(std::string_view("\0\xFF\xFE", 3)), "AP_-");
  for (std::size_t length = 0; length < 7; ++length) {
    const credential login{.username = "user", .value = secret(std::string(length, '~'))};
    const auto header = registry_auth(login, "reg.example.com");
    EXPECT_EQ(header.size() % 4, 0u);
    EXPECT_EQ(header.find_first_of("+/"), std::string::npos);
  }
}

TEST(registry_auth, refuses_what_json_cannot_hold) {
  EXPECT_EQ(engine::why_not_sendable({.username = "üser", .value = secret("pässword")}), "");
  EXPECT_THAT(engine::why_not_sendable({.username = "user", .value = secret("p\xE4ss")}), HasSubstr("no UTF-8"));
  EXPECT_THAT(engine::why_not_sendable({.username = "\xFC", .value = secret("pass")}), HasSubstr("user name"));
}

template <typename T>
concept streamable = requires(std::ostream& out, const T& value) { out << value; };

TEST(secrets, have_no_form_that_a_log_line_would_take) {
  static_assert(!streamable<secret> && !streamable<credential>);
  static_assert(!fmt::is_formattable<secret>::value && !fmt::is_formattable<credential>::value);
  static_assert(!std::is_convertible_v<secret, std::string> && !std::is_convertible_v<secret, std::string_view>);
  // GoogleTest prints the bytes of what it cannot print.
  const secret value("hunter2");
  EXPECT_THAT(testing::PrintToString(value), Not(HasSubstr("68-75")));
  EXPECT_THAT(testing::PrintToString(std::string("x")), HasSubstr("x"));
}

TEST(secrets, are_copied_and_moved_whole) {
  secret first("hunter2");
  secret second = first;
  EXPECT_EQ(second.reveal(), "hunter2");
  secret third = std::move(first);
  EXPECT_EQ(third.reveal(), "hunter2");
  second = secret("other");
  EXPECT_EQ(second.reveal(), "other");
  EXPECT_TRUE(secret().empty());
}

}  // namespace
}  // namespace docksweep
