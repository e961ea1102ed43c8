// Plain system calls, because the standard library neither syncs nor says why it failed.
#include "cli/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace docksweep::cli {
namespace {

constexpr mode_t readable_by_all = 0644;

// Writes, syncs and closes; 0 or errno.
int fill(int file, std::string_view text) {
  int error = 0;
  while (!text.empty() && error == 0) {
    const auto written = ::write(file, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // The umask does not count: whoever collects the file is somebody else.
  if (error == 0 && ::fchmod(file, readable_by_all) != 0) error = errno;
  if (error == 0 && ::fsync(file) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

core::result<void> cannot_write(const std::string& path, int error) {
  return core::fail(core::failure_code::storage, fmt::format("{} cannot be written: {}", path, std::strerror(error)));
}

std::string behind_links(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

void sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;  // the rename itself is done; only its survival of a power cut is less certain
  ::fsync(file);
  ::close(file);
}

}  // namespace

core::result<void> replace_file(const std::string& path, std::string_view text) {
  const auto target = behind_links(path);
  struct stat there{};
  if (::stat(target.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    return core::fail(core::failure_code::storage, fmt::format("{} is not a file; it is left as it is", path));
  }
  // The collector reads *.prom only: the temporary name must not end like that.
  std::string temporary = target + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return cannot_write(path, errno);
  int error = fill(file, text);
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    return cannot_write(path, error);
  }
  sync_folder_of(target);
  return {};
}

std::expected<void, create_failure> create_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, readable_by_all);
  if (file < 0) {
    const int error = errno;
    return std::unexpected(
        create_failure{error == EEXIST, fmt::format("{} cannot be created: {}", path, std::strerror(error))});
  }
  if (const int error = fill(file, text); error != 0) {
    ::unlink(path.c_str());
    return std::unexpected(create_failure{false, cannot_write(path, error).error().message});
  }
  return {};
}

}  // namespace docksweep::cli
