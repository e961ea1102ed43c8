// The credentials that [web] names, and who a request shows itself to be.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "core/failure.hpp"
#include "web/access.hpp"
#include "web/content.hpp"
#include "web/options.hpp"
#include "web/passwords.hpp"

namespace docksweep::web {

struct authentication {
  identity who = identity::nobody;
  std::string user;   // for logs and records; empty for nobody
  bool busy = false;  // wrong once too often, or not checked because too many are: the answer is a 429
};

class credentials {
 public:
  using digest = std::array<unsigned char, 32>;

  // What the files and users of [web] come to.
  struct loaded {
    credential_setup setup;
    digest token{};  // SHA-256: comparing digests tells nothing about length or prefix
    password_checker::user_map users;
  };
  // Reads the token file and checks the hashes. Failures are `invalid`.
  static core::result<loaded> load(const server_options& options);
  // From now on these are in force.
  void adopt(loaded what);

  const credential_setup& setup() const { return setup_; }

  // Uses the Authorization header, then the client certificate. Where no credential is configured everybody is nobody.
  // Wrong ones are rationed (ration.hpp), tokens apart from passwords; a right token passes however many wrong ones
  // came before it.
  boost::asio::awaitable<authentication> authenticate(const request& what);

 private:
  bool is_token(std::string_view shown) const;

  credential_setup setup_;
  digest token_{};
  password_checker passwords_;
  ration wrong_tokens_{std::chrono::steady_clock::now()};
};

// Name and password of a "Basic" Authorization value; false where it is malformed.
bool read_basic(std::string_view encoded, std::string& user, std::string& password);

}  // namespace docksweep::web
