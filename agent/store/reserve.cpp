// Room that the state holds in reserve; see the header.
#include "store/reserve.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

namespace docksweep::store {
namespace {

constexpr std::int64_t page_bytes = 4096;
constexpr std::int64_t chunk_bytes = 256 * 1024;

class descriptor {
 public:
  descriptor(const std::string& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

std::unexpected<core::failure> trouble(const std::string& path, int error) {
  return core::fail(core::failure_code::storage,
                    fmt::format("no room can be held in reserve in {}: {}", path, std::strerror(error)));
}

std::int64_t size_of(int file) {
  struct stat figures{};
  return ::fstat(file, &figures) == 0 ? static_cast<std::int64_t>(figures.st_size) : 0;
}

core::result<void> check_available(const std::string& path, std::int64_t missing) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  struct statvfs figures{};
  if (::statvfs(folder.c_str(), &figures) != 0) return trouble(path, errno);
  const std::uint64_t available = figures.f_bavail * figures.f_frsize;
  if (available < static_cast<std::uint64_t>(2 * missing)) {
    return core::fail(core::failure_code::storage,
                      fmt::format("no room can be held in reserve in {}: {} bytes are missing, and {} available", path,
                                  missing, available));
  }
  return {};
}

// Writes `chunk` from the end of the file on until it has `wanted` bytes; back to its old size when that fails.
core::result<void> grow(const descriptor& file, const std::string& path, std::int64_t wanted,
                        const std::string& chunk) {
  const std::int64_t before = size_of(file.number());
  for (std::int64_t at = before; at < wanted;) {
    const auto size = static_cast<std::size_t>(std::min<std::int64_t>(wanted - at, std::ssize(chunk)));
    const ssize_t written = ::pwrite(file.number(), chunk.data(), size, at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = written < 0 ? errno : ENOSPC;
      (void)!::ftruncate(file.number(), before);
      return trouble(path, error);
    }
    at += written;
  }
  return {};
}

}  // namespace

core::result<void> extend_log(database& file) {
  const std::string path = file.path() + "-wal";
  return file.transaction([&]() -> core::result<void> {
    // BEGIN IMMEDIATE has made the log, if it was not there. Closing this descriptor drops no lock of SQLite's: those
    // are on the database and on -shm.
    const descriptor log(path, O_WRONLY);
    if (!log) return trouble(path, errno);
    const std::int64_t missing = log_room_bytes - size_of(log.number());
    if (missing <= 0) return {};
    if (auto room = check_available(path, missing); !room) return room;
    // Zeros are no frame: whoever reads the log stops there.
    return grow(log, path, log_room_bytes, std::string(chunk_bytes, '\0'));
  });
}

void reset_log(database& file) {
  if (!check_available(file.path(), log_room_bytes)) return;
  if (!file.execute("PRAGMA busy_timeout=0")) return;
  (void)file.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  (void)extend_log(file);
}

core::result<void> remove_filler(database& file) {
  const auto left = file.number("SELECT EXISTS (SELECT 1 FROM filler)");
  if (!left) return std::unexpected(left.error());
  if (*left == 0) return {};
  return file.transaction([&] { return file.execute("DELETE FROM filler"); });
}

core::result<void> keep_free_pages(database& file, const std::atomic<bool>& stopping) {
  constexpr std::int64_t wanted = free_page_room_bytes / page_bytes;
  const auto free = file.number("PRAGMA freelist_count");
  if (!free) return std::unexpected(free.error());
  if (*free >= wanted / 2) return {};
  if (auto room = check_available(file.path(), free_page_room_bytes); !room) return room;
  // Free pages are taken first, so all of them have to be taken before the file grows. One chunk at a time: the log
  // stays within its size.
  core::result<void> done;
  for (std::int64_t taken = 0; taken < wanted && done && !stopping; taken += chunk_bytes / page_bytes) {
    done = file.transaction(
        [&] { return file.execute(fmt::format("INSERT INTO filler VALUES (zeroblob({}))", chunk_bytes)); });
  }
  const auto removed = remove_filler(file);
  return done ? removed : done;
}

core::result<void> reserve_file::fill() const {
  if (is_full()) return {};
  const descriptor file(path_, O_WRONLY | O_CREAT | O_NOFOLLOW);
  if (!file) return trouble(path_, errno);
  if (auto room = check_available(path_, reserve_file_bytes - size_of(file.number())); !room) return room;
  // Nothing that a compressing file system could keep in less room.
  std::minstd_rand random(1);
  std::string chunk(chunk_bytes, '\0');
  for (char& byte : chunk) byte = static_cast<char>(random() >> 8);
  return grow(file, path_, reserve_file_bytes, chunk);
}

bool reserve_file::is_full() const {
  struct stat figures{};
  return ::stat(path_.c_str(), &figures) == 0 && figures.st_size >= reserve_file_bytes;
}

bool reserve_file::give_back() const {
  struct stat figures{};
  if (::stat(path_.c_str(), &figures) != 0 || figures.st_size == 0) return false;
  return ::truncate(path_.c_str(), 0) == 0;
}

}  // namespace docksweep::store
