// Passwords and tokens, in a type that no log line, message or failing test prints by accident.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace docksweep::engine {

// Has neither operator<< nor a formatter nor a conversion to text: whoever wants the value says so. The characters lie
// on the heap, so that a dump of the object's own bytes (GoogleTest makes one of what it cannot print) shows none of
// them, and are wiped when it goes.
class secret {
 public:
  secret() = default;
  explicit secret(std::string_view value) : value_(value.begin(), value.end()) {}
  ~secret() { wipe(); }
  secret(const secret&) = default;
  secret(secret&& other) noexcept : value_(std::exchange(other.value_, {})) {}
  secret& operator=(secret other) noexcept {
    value_.swap(other.value_);
    return *this;
  }

  std::string_view reveal() const { return {value_.data(), value_.size()}; }
  bool empty() const { return value_.empty(); }

 private:
  void wipe() {
    if (!value_.empty()) ::explicit_bzero(value_.data(), value_.size());
  }
  std::vector<char> value_;
};

// What a registry accepts as proof of who asks.
struct credential {
  enum class kind {
    password,        // with the user's name
    identity_token,  // exchanged at the registry's token server (OAuth2 refresh token)
    registry_token,  // sent to the registry as it is (bearer token)
  };
  kind is = kind::password;
  std::string username;  // of a password only
  secret value;
};

}  // namespace docksweep::engine
