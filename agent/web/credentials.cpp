// Tokens, users and certificates as identities; see credentials.hpp.
#include "web/credentials.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/trimmed.hpp"

namespace docksweep::web {
namespace {

using core::fail;
using core::failure_code;

constexpr std::size_t longest_token_bytes = 4096;
constexpr std::size_t shortest_token_bytes = 16;  // shorter ones can be guessed
constexpr std::size_t longest_basic_bytes = 1024;

void digest_of(std::string_view text, std::array<unsigned char, 32>& digest) {
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
}

core::result<std::string> read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(failure_code::invalid,
                fmt::format("[web].token_file: {} cannot be read: {}.", path, std::strerror(errno)));
  }
  std::string text(longest_token_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > longest_token_bytes) {
    return fail(
        failure_code::invalid,
        fmt::format("[web].token_file: {} holds more than {} bytes; a token is one line.", path, longest_token_bytes));
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (text.size() < shortest_token_bytes || text.find_first_of(" \t\r\n") != std::string::npos) {
    return fail(
        failure_code::invalid,
        fmt::format("[web].token_file: {} does not hold one token of at least {} characters; `openssl rand -hex 32` "
                    "writes one.",
                    path, shortest_token_bytes));
  }
  return text;
}

}  // namespace

bool read_basic(std::string_view encoded, std::string& user, std::string& password) {
  if (encoded.empty() || encoded.size() > longest_basic_bytes || encoded.size() % 4 != 0) return false;
  std::string plain(encoded.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                      reinterpret_cast<const unsigned char*>(encoded.data()), static_cast<int>(encoded.size()));
  if (length < 0) return false;
  const std::size_t padding = encoded.ends_with("==") ? 2 : encoded.ends_with('=') ? 1 : 0;
  plain.resize(static_cast<std::size_t>(length) - padding);  // EVP_DecodeBlock counts padding as zero bytes
  const auto colon = plain.find(':');
  if (colon == std::string::npos || plain.find('\0') != std::string::npos) return false;
  user = plain.substr(0, colon);
  password = plain.substr(colon + 1);
  return true;
}

core::result<credentials::loaded> credentials::load(const server_options& options) {
  if (auto fine = password_checker::check_hashes(options.users); !fine) return std::unexpected(fine.error());
  loaded made{.users = options.users};
  if (!options.token_file.empty()) {
    const auto text = read_token(options.token_file);
    if (!text) return std::unexpected(text.error());
    digest_of(*text, made.token);
    made.setup.token = true;
  }
  made.setup.users = !options.users.empty();
  made.setup.client_ca = options.tls && !options.tls->client_ca.empty();
  return made;
}

void credentials::adopt(loaded what) {
  setup_ = what.setup;
  token_ = what.token;
  passwords_.set_users(std::move(what.users));
}

bool credentials::is_token(std::string_view shown) const {
  digest made{};
  digest_of(shown, made);
  return CRYPTO_memcmp(made.data(), token_.data(), made.size()) == 0;
}

boost::asio::awaitable<authentication> credentials::authenticate(const request& what) {
  authentication found;
  if (!setup_.any()) co_return found;
  const auto shown = what.header("authorization");
  if (shown.empty()) {
    if (what.client_certificate && setup_.client_ca) {
      found.who = identity::caller;
      found.user = what.user;
    }
    co_return found;
  }
  found.who = identity::unknown;
  const auto blank = shown.find(' ');
  const auto scheme = shown.substr(0, blank);
  const auto value = blank == std::string_view::npos ? std::string_view{} : core::trimmed(shown.substr(blank));
  if (same_without_case(scheme, "Bearer") && setup_.token) {
    if (is_token(value)) {
      found.who = identity::caller;
      found.user = "token";
    } else {
      found.busy = !wrong_tokens_.has_any(std::chrono::steady_clock::now());
      if (!found.busy) wrong_tokens_.take();
    }
    co_return found;
  }
  std::string user, password;
  if (!same_without_case(scheme, "Basic") || !setup_.users || !read_basic(value, user, password)) co_return found;
  const auto verdict = co_await passwords_.check(user, std::move(password));
  found.busy = verdict == password_verdict::busy;
  if (verdict == password_verdict::right) {
    found.who = identity::reader;
    found.user = user;
  }
  co_return found;
}

}  // namespace docksweep::web
