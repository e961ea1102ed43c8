#include "store/image_archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/worker.hpp"

namespace docksweep::store {
namespace {

using app::task;
using core::result;

constexpr int compression_level = 3;  // zstd's own default: about as fast as disks are

std::unexpected<core::failure> failed(std::string_view what, const std::string& path, int error) {
  const auto code = error == ENOENT ? core::failure_code::not_found : core::failure_code::storage;
  return core::fail(code, fmt::format("{} {}: {}", what, path, std::strerror(error)));
}

class open_file {
 public:
  explicit open_file(int handle = -1) : handle_(handle) {}
  ~open_file() { close(); }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  int handle() const { return handle_; }
  void take(int handle) {
    close();
    handle_ = handle;
  }
  void close() {
    if (handle_ >= 0) ::close(std::exchange(handle_, -1));
  }

 private:
  int handle_;
};

result<void> write_all(int handle, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::write(handle, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

result<void> sync_folder(const std::string& folder) {
  const open_file opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.handle() < 0 || ::fsync(opened.handle()) != 0) return failed("cannot write to", folder, errno);
  return {};
}

struct free_compressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct free_decompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Used on the worker's thread.
class compressed_file {
 public:
  compressed_file(std::string folder, std::string name)
      : folder_(std::move(folder)), path_(folder_ + "/" + name), part_(folder_ + "/." + name + ".XXXXXX") {}
  ~compressed_file() {
    file_.close();
    if (made_ && !kept_) ::unlink(part_.c_str());
  }
  compressed_file(const compressed_file&) = delete;
  compressed_file& operator=(const compressed_file&) = delete;

  result<void> begin() {
    struct stat folder {};
    if (::stat(folder_.c_str(), &folder) != 0) return failed("cannot use the archive", folder_, errno);
    // A name of its own (made anew, 0600): other nodes and agents may save the same image to the same folder.
    file_.take(::mkostemp(part_.data(), O_CLOEXEC));
    made_ = file_.handle() >= 0;
    if (!made_) return failed("cannot make a file in", folder_, errno);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, compression_level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    return {};
  }

  result<void> add(std::string_view piece, bool last) {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{room_.data(), room_.size(), 0};
      const auto left = ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) {
        return core::fail(core::failure_code::storage, fmt::format("cannot compress: {}", ZSTD_getErrorName(left)));
      }
      auto written = write_all(file_.handle(), {room_.data(), out.pos}, part_);
      if (!written) return written;
      const bool all = last ? left == 0 : in.pos == in.size;
      if (all) return {};
    }
  }

  result<std::string> commit() {
    if (auto ended = add({}, true); !ended) return std::unexpected(ended.error());
    if (::fsync(file_.handle()) != 0) return failed("cannot write", part_, errno);
    file_.close();
    if (std::rename(part_.c_str(), path_.c_str()) != 0) return failed("cannot name", path_, errno);
    kept_ = true;
    if (auto synced = sync_folder(folder_); !synced) return std::unexpected(synced.error());
    return path_;
  }

 private:
  std::string folder_, path_, part_;
  open_file file_;
  std::unique_ptr<ZSTD_CCtx, free_compressor> context_{ZSTD_createCCtx()};
  std::vector<char> room_ = std::vector<char>(ZSTD_CStreamOutSize());
  bool made_ = false, kept_ = false;
};

class decompressed_file {
 public:
  explicit decompressed_file(std::string path)
      : path_(std::move(path)), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {}

  result<void> begin() const {
    if (file_.handle() < 0) return failed("cannot read", path_, errno);
    return {};
  }

  result<std::string_view> read() {
    for (;;) {
      if (in_.pos == in_.size) {
        const auto got = ::read(file_.handle(), taken_.data(), taken_.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("cannot read", path_, errno);
        if (got == 0) {
          if (frame_ended_) return std::string_view();
          return core::fail(core::failure_code::storage, fmt::format("{} is not whole: it ends too early", path_));
        }
        in_ = {taken_.data(), static_cast<std::size_t>(got), 0};
      }
      ZSTD_outBuffer out{room_.data(), room_.size(), 0};
      const auto left = ZSTD_decompressStream(context_.get(), &out, &in_);
      if (ZSTD_isError(left)) {
        return core::fail(core::failure_code::storage,
                          fmt::format("{} is damaged: {}", path_, ZSTD_getErrorName(left)));
      }
      frame_ended_ = left == 0;
      if (out.pos > 0) return std::string_view(room_.data(), out.pos);
    }
  }

 private:
  std::string path_;
  open_file file_;
  std::unique_ptr<ZSTD_DCtx, free_decompressor> context_{ZSTD_createDCtx()};
  std::vector<char> taken_ = std::vector<char>(ZSTD_DStreamInSize());
  std::vector<char> room_ = std::vector<char>(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool frame_ended_ = false;
};

// The file is shared with the jobs: one that a cancelled coroutine left behind may still be at work.
class writer final : public app::archive_writer {
 public:
  writer(std::shared_ptr<worker> thread, std::shared_ptr<compressed_file> file)
      : thread_(std::move(thread)), file_(std::move(file)) {}

  task<result<void>> write(std::string_view piece) override {
    return thread_->run<void>([file = file_, bytes = std::string(piece)] { return file->add(bytes, false); });
  }
  task<result<std::string>> commit() override {
    return thread_->run<std::string>([file = file_] { return file->commit(); });
  }

 private:
  std::shared_ptr<worker> thread_;
  std::shared_ptr<compressed_file> file_;
};

class reader final : public app::archive_reader {
 public:
  reader(std::shared_ptr<worker> thread, std::shared_ptr<decompressed_file> file)
      : thread_(std::move(thread)), file_(std::move(file)) {}

  task<result<std::string_view>> read() override {
    return thread_->run<std::string_view>([file = file_] { return file->read(); });
  }

 private:
  std::shared_ptr<worker> thread_;
  std::shared_ptr<decompressed_file> file_;
};

class file_archive final : public app::image_archive {
 public:
  task<result<std::unique_ptr<app::archive_writer>>> create(std::string folder, std::string image_id) override {
    const auto digits = image_id.substr(image_id.find(':') + 1);
    if (digits.empty() || digits.find('/') != std::string::npos || digits.front() == '.') {
      co_return core::fail(core::failure_code::storage, fmt::format("'{}' is no image ID", image_id));
    }
    auto file = std::make_shared<compressed_file>(std::move(folder), digits + ".tar.zst");
    auto beginning = thread_->run<void>([file] { return file->begin(); });
    const auto begun = co_await std::move(beginning);
    if (!begun) co_return std::unexpected(begun.error());
    co_return std::make_unique<writer>(thread_, std::move(file));
  }

  task<result<std::unique_ptr<app::archive_reader>>> open(std::string path) override {
    auto file = std::make_shared<decompressed_file>(std::move(path));
    const auto begun = file->begin();
    if (!begun) co_return std::unexpected(begun.error());
    co_return std::make_unique<reader>(thread_, std::move(file));
  }

 private:
  std::shared_ptr<worker> thread_ = std::make_shared<worker>();
};

}  // namespace

std::unique_ptr<app::image_archive> make_image_archive() {
  return std::make_unique<file_archive>();
}

}  // namespace docksweep::store
