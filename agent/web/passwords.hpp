// Basic auth against bcrypt hashes, without letting bcrypt stall the agent: one check takes 50 to 230 ms at usual
// costs.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "app/wake_up.hpp"
#include "core/failure.hpp"
#include "web/ration.hpp"

namespace docksweep::web {

enum class password_verdict {
  right,
  wrong,
  busy,  // too many checks wait, or too many failed lately: nothing was checked, try again in a second
};

// Whether a hash is that password's: what bcrypt_matches() does, or a test in its place. Runs on a thread of its own.
using password_hasher = std::function<bool(const std::string& password, const std::string& hash)>;
bool bcrypt_matches(const std::string& password, const std::string& hash);

// A right answer is remembered as a keyed digest, so a scraper costs one bcrypt in its life; only what is not
// remembered is computed, one at a time, on a thread that no shutdown waits for (a cost of 20 takes a minute), and wrong
// ones are rationed (ration.hpp). An unknown name costs as much bcrypt as the wrong password of one of the users does:
// always the same one for the same name, so that names cannot be told from users' by their cost.
class password_checker {
 public:
  using user_map = std::map<std::string, std::string>;  // name → bcrypt hash

  explicit password_checker(password_hasher hasher = bcrypt_matches);

  // Fails as `invalid` where a hash is not bcrypt's.
  static core::result<void> check_hashes(const user_map& users);
  // Takes effect at once; what is remembered of unchanged users stays.
  void set_users(user_map users);

  // Called on one thread, the server's.
  boost::asio::awaitable<password_verdict> check(std::string user, std::string password);

 private:
  using digest = std::array<unsigned char, 32>;
  static constexpr std::size_t most_waiting = 8;
  static constexpr std::size_t most_remembered = 32;

  // Whether it is that password's; nothing when that could not be found out.
  boost::asio::awaitable<std::optional<bool>> compute(std::string password, std::string hash);
  digest digest_of(std::string_view user, std::string_view password, std::string_view hash) const;
  bool remembers(const digest& what) const;
  void remember(const digest& what);
  std::string stand_in_for(std::string_view user) const;  // the hash that an unknown user's password is checked against

  password_hasher hasher_;
  user_map users_;
  digest key_{};  // random for each process
  std::deque<digest> right_;
  std::size_t waiting_ = 0;
  ration failures_;
  bool computing_ = false;
  std::optional<app::wake_up> turn_;  // wakes those who wait while another one computes
};

}  // namespace docksweep::web
