// This machine's file systems; see the header.
#include "store/local_disks.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

namespace docksweep::store {
namespace {

namespace asio = boost::asio;
using measured = core::result<core::file_system>;
using std::chrono::milliseconds;

// What a measuring thread shares with whoever waits for it. The thread may outlive everything else, so it touches
// nothing but this, and no executor: the waiting coroutine looks here now and then.
struct one_answer {
  std::mutex guard;
  std::optional<measured> value;
};

struct busy_paths {
  std::mutex guard;
  std::set<std::string> paths;
};

class local_disks final : public app::disks {
 public:
  explicit local_disks(milliseconds deadline) : deadline_(deadline) {}

  app::task<measured> measure(std::string path) override {
    const auto answer = begin(path);
    if (answer == nullptr) co_return hangs(path);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    const auto until = std::chrono::steady_clock::now() + deadline_;
    // statvfs of a healthy file system takes microseconds: the first look nearly always finds the answer.
    for (milliseconds pause{1}; std::chrono::steady_clock::now() < until;
         pause = std::min(pause * 2, milliseconds(50))) {
      timer.expires_after(pause);
      co_await timer.async_wait(asio::use_awaitable);
      const std::scoped_lock lock(answer->guard);
      if (answer->value) co_return std::move(*answer->value);
    }
    co_return hangs(path);
  }

 private:
  static measured hangs(const std::string& path) {
    return core::fail(core::failure_code::timeout,
                      fmt::format("the file system of {} does not answer: a network mount that is gone?", path));
  }

  // Null while an earlier call still hangs.
  std::shared_ptr<one_answer> begin(const std::string& path) {
    {
      const std::scoped_lock lock(busy_->guard);
      if (!busy_->paths.insert(path).second) return nullptr;
    }
    auto answer = std::make_shared<one_answer>();
    try {
      std::thread([path, answer, busy = busy_] {
        measured value = measure_file_system(path);
        // Both at once: who reads the answer may ask again right away.
        const std::scoped_lock lock(busy->guard, answer->guard);
        busy->paths.erase(path);
        answer->value = std::move(value);
      }).detach();
    } catch (const std::system_error& fault) {  // no thread to be had
      const std::scoped_lock lock(busy_->guard, answer->guard);
      busy_->paths.erase(path);
      answer->value =
          core::fail(core::failure_code::storage, fmt::format("{} cannot be measured: {}", path, fault.what()));
    }
    return answer;
  }

  milliseconds deadline_;
  std::shared_ptr<busy_paths> busy_ = std::make_shared<busy_paths>();
};

}  // namespace

measured measure_file_system(const std::string& path) {
  struct statvfs figures{};
  struct stat place{};
  if (::statvfs(path.c_str(), &figures) != 0 || ::stat(path.c_str(), &place) != 0) {
    return core::fail(core::failure_code::storage,
                      fmt::format("the file system of {} cannot be measured: {}", path, std::strerror(errno)));
  }
  core::file_system disk;
  disk.path = path;
  const auto block = static_cast<core::byte_count>(figures.f_frsize);
  disk.size_bytes = static_cast<core::byte_count>(figures.f_blocks) * block;
  disk.avail_bytes = static_cast<core::byte_count>(figures.f_bavail) * block;
  disk.free_bytes = static_cast<core::byte_count>(figures.f_bfree) * block;
  disk.files = static_cast<std::int64_t>(figures.f_files);
  disk.files_free = static_cast<std::int64_t>(figures.f_ffree);
  disk.device = place.st_dev;
  return disk;
}

std::unique_ptr<app::disks> make_local_disks(milliseconds deadline) {
  return std::make_unique<local_disks>(deadline);
}

}  // namespace docksweep::store
