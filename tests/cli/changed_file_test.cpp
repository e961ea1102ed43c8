// Noticing that a file says something else, however it was changed.
#include "cli/changed_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_folder.hpp"

namespace docksweep::cli {
namespace {

namespace fs = std::filesystem;

class changed_file_test : public testing::Test {
 protected:
  changed_file_test() { write("a.toml", "one"); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

  const test::temp_folder made_;
  const fs::path folder_ = made_.path();
};

TEST_F(changed_file_test, sees_a_file_written_in_place_once) {
  changed_file watched((folder_ / "a.toml").string());
  EXPECT_FALSE(watched.changed());
  write("a.toml", "two!");
  EXPECT_TRUE(watched.changed());
  EXPECT_FALSE(watched.changed());
}

TEST_F(changed_file_test, sees_a_file_replaced_by_another) {
  changed_file watched((folder_ / "a.toml").string());
  write("b.toml", "two");
  fs::rename(folder_ / "b.toml", folder_ / "a.toml");
  EXPECT_TRUE(watched.changed());
}

TEST_F(changed_file_test, sees_a_link_on_the_way_swapped) {
  fs::create_directory(folder_ / "v1");
  fs::create_directory(folder_ / "v2");
  write("v1/c.toml", "one");
  write("v2/c.toml", "two");
  fs::create_symlink("v1", folder_ / "data");
  changed_file watched((folder_ / "data" / "c.toml").string());
  fs::create_symlink("v2", folder_ / "new");
  fs::rename(folder_ / "new", folder_ / "data");
  EXPECT_TRUE(watched.changed());
}

TEST_F(changed_file_test, does_not_mind_the_same_content_again) {
  changed_file watched((folder_ / "a.toml").string());
  fs::last_write_time(folder_ / "a.toml", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_FALSE(watched.changed());
}

TEST_F(changed_file_test, waits_for_a_file_that_vanished) {
  changed_file watched((folder_ / "a.toml").string());
  fs::remove(folder_ / "a.toml");
  EXPECT_FALSE(watched.changed());
  // Of another length: on older kernels a file's times are milliseconds apart, and its inode's number may come back.
  write("a.toml", "another");
  EXPECT_TRUE(watched.changed());
}

TEST_F(changed_file_test, sees_a_file_appear) {
  changed_file watched((folder_ / "late.toml").string());
  EXPECT_FALSE(watched.changed());
  write("late.toml", "one");
  EXPECT_TRUE(watched.changed());
}

}  // namespace
}  // namespace docksweep::cli
