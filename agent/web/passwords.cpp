// bcrypt through libxcrypt's crypt_r, remembered by HMAC-SHA-256; see passwords.hpp.
#include "web/passwords.hpp"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <boost/asio/this_coro.hpp>
#include <iterator>
#include <memory>
#include <utility>

#include "net/detached_call.hpp"

namespace docksweep::web {
namespace {

namespace asio = boost::asio;

// Undoes at the end of a coroutine what holds while it runs, whichever way it ends.
template <typename Undo>
class at_end {
 public:
  explicit at_end(Undo undo) : undo_(std::move(undo)) {}
  at_end(const at_end&) = delete;
  at_end& operator=(const at_end&) = delete;
  ~at_end() { undo_(); }

 private:
  Undo undo_;
};

}  // namespace

bool bcrypt_matches(const std::string& password, const std::string& hash) {
  auto memory = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), hash.c_str(), memory.get());
  const bool right = made != nullptr && hash.size() == std::string_view(made).size() &&
                     CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(memory.get(), sizeof(crypt_data));
  return right;
}

password_checker::password_checker(password_hasher hasher)
    : hasher_(std::move(hasher)), failures_(std::chrono::steady_clock::now()) {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) throw std::bad_alloc();  // no entropy: cannot go on
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
}

asio::awaitable<password_verdict> password_checker::check(std::string user, std::string password) {
  const auto found = users_.find(user);
  const bool known = found != users_.end();
  if (users_.empty()) co_return password_verdict::wrong;
  std::string hash = known ? found->second : stand_in_for(user);
  const digest proof = digest_of(user, password, hash);
  if (known && remembers(proof)) co_return password_verdict::right;
  if (waiting_ >= most_waiting || !failures_.has_any(std::chrono::steady_clock::now()))
    co_return password_verdict::busy;

  failures_.take();  // given back when the password is right
  auto computing = compute(std::move(password), std::move(hash));
  const auto right = co_await std::move(computing);
  if (!right) co_return password_verdict::busy;
  if (!known || !*right) co_return password_verdict::wrong;
  failures_.give_back();
  remember(proof);
  co_return password_verdict::right;
}

asio::awaitable<std::optional<bool>> password_checker::compute(std::string password, std::string hash) {
  const auto executor = co_await asio::this_coro::executor;
  if (!turn_) turn_.emplace(executor);
  ++waiting_;
  const at_end counted([this] { --waiting_; });
  while (computing_) {
    auto turn = turn_->wait(net::no_deadline);
    co_await std::move(turn);
  }
  computing_ = true;
  const at_end next([this] {
    computing_ = false;
    turn_->notify();
  });
  const auto right = std::make_shared<bool>(false);
  auto running = net::run_detached(
      executor,
      [right, hasher = hasher_, password = std::move(password), hash = std::move(hash)]() mutable {
        *right = hasher(password, hash);
        OPENSSL_cleanse(password.data(), password.size());
      },
      net::no_deadline);
  if (co_await std::move(running) != net::detached_outcome::done) co_return std::nullopt;
  co_return *right;
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

// The cost and the salt of one of the users' hashes, followed by what no password comes to.
std::string password_checker::stand_in_for(std::string_view user) const {
  constexpr std::size_t setting_length = 29;  // "$2y$NN$" and 22 characters of salt
  const auto drawn = digest_of(user, {}, {});
  const std::size_t at = (drawn[0] * 256u + drawn[1]) % users_.size();
  const auto& hash = std::next(users_.begin(), static_cast<std::ptrdiff_t>(at))->second;
  return hash.substr(0, setting_length) + std::string(31, '.');
}

}  // namespace docksweep::web
