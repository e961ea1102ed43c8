// Basic auth against bcrypt hashes, without letting bcrypt stall the agent: one check takes 50 to 230 ms at usual
// costs.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::web {

enum class password_verdict {
  right,
  wrong,
  busy,  // too many checks wait, or too many failed lately: nothing was checked, try again in a second
};

// A right answer is remembered as a keyed digest, so a scraper costs one bcrypt in its life; only what is not
// remembered is computed, one at a time, on a thread of its own, and wrong ones are rationed: 10 at once, then one a
// second. An unknown user costs the same time as a wrong password.
class password_checker {
 public:
  using user_map = std::map<std::string, std::string>;  // name → bcrypt hash

  password_checker();
  ~password_checker();

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
  static constexpr double most_failures = 10;

  digest digest_of(std::string_view user, std::string_view password, std::string_view hash) const;
  bool remembers(const digest& what) const;
  void remember(const digest& what);
  bool may_fail_now();  // refills the ration

  user_map users_;
  std::string stand_in_;  // hash that is checked for unknown users
  digest key_{};          // random for each process
  std::deque<digest> right_;
  std::size_t waiting_ = 0;
  double failures_left_ = most_failures;
  std::chrono::steady_clock::time_point refilled_at_;
  std::unique_ptr<boost::asio::thread_pool> pool_;  // made with the first user
};

}  // namespace docksweep::web
