// Plain system calls: the standard library does not say why it failed.
#include "net/small_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace docksweep::net {
namespace {

using core::failure_code;

std::unexpected<core::failure> cannot_read(const std::string& path, const char* why) {
  return core::fail(failure_code::invalid, fmt::format("{} cannot be read: {}", path, why));
}

bool is_absent(const std::string& path, int error) {
  struct stat there{};
  return error == ENOENT || error == ENOTDIR || (error == EACCES && ::stat(path.c_str(), &there) != 0);
}

core::result<std::optional<std::string>> read_all(const std::string& path, int file, std::size_t limit_bytes) {
  std::string out;
  char piece[4096];
  for (;;) {
    const auto got = ::read(file, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path, std::strerror(errno));
    if (got == 0) break;
    out.append(piece, static_cast<std::size_t>(got));
    if (out.size() > limit_bytes) {
      return core::fail(failure_code::too_large,
                        fmt::format("{} has more than {} KiB: is it the right file?", path, limit_bytes >> 10));
    }
  }
  ::explicit_bzero(piece, sizeof piece);
  return out;
}

}  // namespace

core::result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t limit_bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    const int error = errno;
    if (is_absent(path, error)) return std::nullopt;
    return cannot_read(path, std::strerror(error));
  }
  struct stat there{};
  const bool is_file = ::fstat(file, &there) == 0 && S_ISREG(there.st_mode);
  auto text = is_file ? read_all(path, file, limit_bytes) : cannot_read(path, "it is no regular file");
  ::close(file);
  return text;
}

}  // namespace docksweep::net
