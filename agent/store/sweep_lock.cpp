// The sole right to sweep an engine; see the header.
#include "store/sweep_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/digest.hpp"

namespace docksweep::store {
namespace {

// The whole content, padded: it is written over in place.
constexpr std::size_t content_bytes = 64;

std::unexpected<core::failure> trouble(const std::string& path, const char* what) {
  return core::fail(core::failure_code::storage,
                    fmt::format("the lock file {} cannot be {}: {}", path, what, std::strerror(errno)));
}

std::string padded(std::string text) {
  text.resize(content_bytes - 1, ' ');
  return text + "\n";
}

class locked_file final : public app::sweep_permit {
 public:
  explicit locked_file(int file) : file_(file) {}
  ~locked_file() override { ::close(file_); }
  locked_file(const locked_file&) = delete;
  locked_file& operator=(const locked_file&) = delete;

 private:
  int file_;
};

int open_lock(const std::string& path, int flags) {
  return ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
}

}  // namespace

std::string sweep_lock_path(const std::string& state_path, const std::string& engine_id) {
  return fmt::format("{}.sweep-{}.lock", state_path, core::sha256_hex(engine_id).substr(0, 12));
}

core::result<void> make_sweep_lock(const std::string& lock_path) {
  const int file = open_lock(lock_path, O_RDWR | O_CREAT);
  if (file < 0) return trouble(lock_path, "made");
  core::result<void> done;
  struct stat figures{};
  if (::fstat(file, &figures) == 0 && figures.st_size == 0) {
    const std::string content = padded("nobody");
    if (::pwrite(file, content.data(), content.size(), 0) < 0) done = trouble(lock_path, "written");
  }
  ::close(file);  // an OFD lock of this process stays: it belongs to the other descriptor
  return done;
}

core::result<std::unique_ptr<app::sweep_permit>> try_sweep_lock(const std::string& lock_path) {
  const int file = open_lock(lock_path, O_RDWR | O_CREAT);
  if (file < 0) return trouble(lock_path, "made");
  auto permit = std::make_unique<locked_file>(file);
  struct flock wanted{};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  if (::fcntl(file, F_OFD_SETLK, &wanted) != 0) {
    if (errno == EAGAIN || errno == EACCES) return nullptr;
    return trouble(lock_path, "locked");
  }
  // Only for people: without it the lock holds just as well.
  const std::string content = padded(fmt::format("process {}", ::getpid()));
  (void)!::pwrite(file, content.data(), content.size(), 0);
  return permit;
}

std::optional<std::string> sweep_holder(const std::string& state_path, const std::string& engine_id) {
  const int file = open_lock(sweep_lock_path(state_path, engine_id), O_RDONLY);
  if (file < 0) return std::nullopt;
  struct flock seen{};
  seen.l_type = F_RDLCK;
  seen.l_whence = SEEK_SET;
  const bool held = ::fcntl(file, F_OFD_GETLK, &seen) == 0 && seen.l_type != F_UNLCK;
  std::string content(content_bytes, '\0');
  const ssize_t size = held ? ::pread(file, content.data(), content.size(), 0) : 0;
  ::close(file);
  if (!held) return std::nullopt;
  content.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  content.resize(content.find_last_not_of(" \n") + 1);
  return content;
}

}  // namespace docksweep::store
