// Who asks: sweep_runner.hpp declares it.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "cli/sweep_runner.hpp"

namespace docksweep::cli {
namespace {

// Empty: the user has no name here.
std::string name_of(uid_t user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

std::string actor() {
  const auto user = ::getuid();
  // Only root's word counts: anybody can set a variable.
  if (const auto behind = environment("SUDO_USER"); user == 0 && !behind.empty()) {
    const auto number = environment("SUDO_UID");
    return fmt::format("{} (uid {}) by sudo", behind, number.empty() ? "unknown" : number);
  }
  const auto name = name_of(user);
  return name.empty() ? fmt::format("uid {}", user) : fmt::format("{} (uid {})", name, user);
}

}  // namespace docksweep::cli
