// Archived images on a real file system: whole or not there, for their owner alone, and read back as they were written.
#include "store/image_archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "support/run_task.hpp"
#include "support/temp_folder.hpp"

namespace docksweep::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string id = "sha256:3f57d9401f8d42f986df300f0c69192fc41da28ccc8d797829467780db3dd741";

class image_archive : public testing::Test {
 protected:
  template <typename T>
  T run(app::task<T> work) {
    return run_task(context, std::move(work), std::chrono::seconds(60));
  }
  std::unique_ptr<app::archive_writer> begin() {
    auto made = run(archive->create(place, id));
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    return made ? *std::move(made) : nullptr;
  }
  core::result<std::string> read_all(const std::string& path) {
    auto opened = run(archive->open(path));
    if (!opened) return std::unexpected(opened.error());
    std::string all;
    for (;;) {
      const auto piece = run((*opened)->read());
      if (!piece) return std::unexpected(piece.error());
      if (piece->empty()) return all;
      all += *piece;
    }
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder.path())) all.push_back(entry.path().filename());
    return all;
  }
  // Half of it compresses, half does not.
  static std::string content() {
    std::mt19937 random(7);
    std::string text(3'000'000, 'x');
    for (std::size_t i = 0; i < text.size() / 2; ++i) text[i] = static_cast<char>(random());
    return text;
  }
  std::string written() {
    auto file = begin();
    const auto text = content();
    for (std::size_t at = 0; at < text.size(); at += 33'333) {
      EXPECT_TRUE(run(file->write(std::string_view(text).substr(at, 33'333))).has_value());
    }
    return run(file->commit()).value();
  }

  boost::asio::io_context context{1};
  temp_folder folder;
  const std::string place = folder.path().string();
  std::unique_ptr<app::image_archive> archive = store::make_image_archive();
};

TEST_F(image_archive, reads_back_what_was_written) {
  const auto path = written();
  EXPECT_EQ(path, place + "/" + id.substr(7) + ".tar.zst");
  EXPECT_EQ(read_all(path).value(), content());
  EXPECT_LT(fs::file_size(path), content().size() * 6 / 10);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U) << "an image may hold secrets";
}

TEST_F(image_archive, is_not_there_before_it_is_whole) {
  auto file = begin();
  ASSERT_TRUE(run(file->write("abc")).has_value());
  EXPECT_FALSE(fs::exists(place + "/" + id.substr(7) + ".tar.zst"));
  file.reset();
  EXPECT_THAT(names(), testing::IsEmpty()) << "and leaves nothing when it is given up";
}

TEST_F(image_archive, two_that_save_the_same_image_do_not_meet) {
  auto one = begin();
  auto other = begin();
  ASSERT_TRUE(run(one->write("whole")).has_value());
  ASSERT_TRUE(run(other->write("half")).has_value());
  const auto path = run(one->commit()).value();
  EXPECT_EQ(read_all(path).value(), "whole");
  other.reset();
  EXPECT_EQ(read_all(path).value(), "whole");
  EXPECT_EQ(names().size(), 1U);
}

TEST_F(image_archive, replaces_an_earlier_one) {
  const auto path = written();
  auto file = begin();
  ASSERT_TRUE(run(file->write("new")).has_value());
  EXPECT_EQ(read_all(path).value(), content()) << "the earlier one stays until then";
  ASSERT_TRUE(run(file->commit()).has_value());
  EXPECT_EQ(read_all(path).value(), "new");
  EXPECT_EQ(names().size(), 1U);
}

TEST_F(image_archive, says_what_is_wrong_with_a_file) {
  const auto path = written();
  EXPECT_EQ(read_all(folder.file("none")).error().code, core::failure_code::not_found);
  fs::resize_file(path, fs::file_size(path) - 10);
  EXPECT_THAT(read_all(path).error().message, HasSubstr("not whole"));
  {
    std::fstream damage(path, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(5000);
    damage << "damaged damaged damaged";
  }
  EXPECT_FALSE(read_all(path).has_value());
  std::ofstream(path, std::ios::trunc) << "";
  EXPECT_THAT(read_all(path).error().message, HasSubstr("not whole"));
  std::ofstream(path, std::ios::trunc) << "this is no archive at all";
  EXPECT_THAT(read_all(path).error().message, HasSubstr("damaged"));
}

TEST_F(image_archive, needs_a_folder_that_is_there) {
  const auto made = run(archive->create(folder.file("not-mounted"), id));
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().message, HasSubstr("No such file or directory"));
  EXPECT_FALSE(run(archive->create(place, "sha256:../escape")).has_value());
}


}  // namespace
}  // namespace docksweep::test
