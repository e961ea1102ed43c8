// An archive in memory that can be full, break off, or lose its files.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/archive.hpp"
#include "app/port_script.hpp"

namespace docksweep::test {

class fake_archive final : public app::image_archive {
 public:
  explicit fake_archive(port_script& calls) : script(calls) {}

  port_script& script;
  std::map<std::string, std::string> files;  // whole ones, by path
  int open_writers = 0;                      // begun and neither committed nor given up
  std::optional<std::size_t> full_after;     // so many bytes of a file

  app::task<core::result<std::unique_ptr<app::archive_writer>>> create(std::string folder,
                                                                       std::string image_id) override {
    const auto path = folder + "/" + image_id.substr(image_id.find(':') + 1) + ".tar.zst";
    if (auto failed = script.begin("create_archive " + path)) co_return std::unexpected(*failed);
    co_return std::make_unique<writer>(*this, path);
  }
  app::task<core::result<std::unique_ptr<app::archive_reader>>> open(std::string path) override {
    if (auto failed = script.begin("open_archive " + path)) co_return std::unexpected(*failed);
    const auto file = files.find(path);
    if (file == files.end()) co_return core::fail(core::failure_code::not_found, "cannot read " + path);
    co_return std::make_unique<reader>(file->second);
  }

 private:
  struct writer final : app::archive_writer {
    writer(fake_archive& of, std::string where) : all(of), path(std::move(where)) { ++all.open_writers; }
    ~writer() override { --all.open_writers; }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;
    app::task<core::result<void>> write(std::string_view piece) override {
      bytes += piece;
      if (all.full_after && bytes.size() > *all.full_after) {
        co_return core::fail(core::failure_code::storage, "cannot write " + path + ": No space left on device");
      }
      co_return core::result<void>();
    }
    app::task<core::result<std::string>> commit() override {
      if (auto failed = all.script.begin("commit_archive " + path)) co_return std::unexpected(*failed);
      all.files[path] = bytes;
      co_return path;
    }
    fake_archive& all;
    std::string path, bytes;
  };
  struct reader final : app::archive_reader {
    explicit reader(std::string all) : rest(std::move(all)) {}
    app::task<core::result<std::string_view>> read() override {
      piece = rest.substr(0, 700);
      rest.erase(0, piece.size());
      co_return std::string_view(piece);
    }
    std::string rest, piece;
  };
};

}  // namespace docksweep::test
