// bcrypt through libxcrypt's crypt_r, remembered by HMAC-SHA-256; see passwords.hpp.
#include "web/passwords.hpp"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace docksweep::web {
namespace {

namespace asio = boost::asio;

// Runs on the pool's thread.
asio::awaitable<bool> verify(std::string password, std::string hash) {
  auto memory = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), hash.c_str(), memory.get());
  const bool right = made != nullptr && hash.size() == std::string_view(made).size() &&
                     CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(memory.get(), sizeof(crypt_data));
  OPENSSL_cleanse(password.data(), password.size());
  co_return right;
}

// A hash that nobody knows a password for, as costly as the given one: its salt and cost with random bytes hashed.
std::string stand_in_for(const std::string& hash) {
  constexpr std::size_t setting_length = 29;  // "$2y$NN$" and 22 characters of salt
  return hash.substr(0, std::min(hash.size(), setting_length)) + std::string(31, '.');
}

}  // namespace

password_checker::password_checker() : refilled_at_(std::chrono::steady_clock::now()) {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) throw std::bad_alloc();  // no entropy: cannot go on
}

password_checker::~password_checker() {
  if (pool_) pool_->join();
}

core::result<void> password_checker::check_hashes(const user_map& users) {
  for (const auto& [name, hash] : users) {
    if (hash.starts_with("$2") && hash.size() == 60 && crypt_checksalt(hash.c_str()) == CRYPT_SALT_OK) continue;
    return core::fail(
        core::failure_code::invalid,
        fmt::format("[web].users: the value of \"{}\" is not a bcrypt hash; `htpasswd -nB {}` writes one.", name,
                    name));
  }
  return {};
}

void password_checker::set_users(user_map users) {
  users_ = std::move(users);
  if (users_.empty()) return;
  stand_in_ = stand_in_for(users_.begin()->second);
  if (!pool_) pool_ = std::make_unique<asio::thread_pool>(1);
}

asio::awaitable<password_verdict> password_checker::check(std::string user, std::string password) {
  const auto found = users_.find(user);
  const bool known = found != users_.end();
  std::string hash = known ? found->second : stand_in_;
  if (hash.empty()) co_return password_verdict::wrong;
  const digest proof = digest_of(user, password, hash);
  if (known && remembers(proof)) co_return password_verdict::right;
  if (waiting_ >= most_waiting || !may_fail_now()) co_return password_verdict::busy;

  ++waiting_;
  failures_left_ -= 1;  // given back when the password is right
  auto job = verify(std::move(password), std::move(hash));
  bool right = false;
  try {
    right = co_await asio::co_spawn(pool_->get_executor(), std::move(job), asio::use_awaitable);
  } catch (...) {
    --waiting_;
    throw;
  }
  --waiting_;
  if (!known || !right) co_return password_verdict::wrong;
  failures_left_ += 1;
  remember(proof);
  co_return password_verdict::right;
}

password_checker::digest password_checker::digest_of(std::string_view user, std::string_view password,
                                                     std::string_view hash) const {
  std::string text;
  for (const auto part : {user, password, hash}) {
    text += fmt::format("{}:", part.size());
    text += part;
  }
  digest made{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), made.data(), &length);
  OPENSSL_cleanse(text.data(), text.size());
  return made;
}

bool password_checker::remembers(const digest& what) const {
  bool found = false;  // no early end: time tells nothing
  for (const auto& one : right_) found |= CRYPTO_memcmp(one.data(), what.data(), what.size()) == 0;
  return found;
}

void password_checker::remember(const digest& what) {
  if (remembers(what)) return;  // two requests asked at the same time
  if (right_.size() == most_remembered) right_.pop_front();
  right_.push_back(what);
}

bool password_checker::may_fail_now() {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> passed = now - refilled_at_;
  failures_left_ = std::min(most_failures, failures_left_ + passed.count());
  refilled_at_ = now;
  return failures_left_ >= 1;
}

}  // namespace docksweep::web
