// Files that are replaced whole or created new.
#include "cli/whole_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/temp_folder.hpp"

namespace docksweep::cli {
namespace {

namespace fs = std::filesystem;

class whole_file : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t entries() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {})); }

  const test::temp_folder made_;
  const fs::path folder_ = made_.path();
};

TEST_F(whole_file, is_replaced_and_leaves_nothing_else_behind) {
  ASSERT_TRUE(replace_file(path("a.prom"), "old\n").has_value());
  ASSERT_TRUE(replace_file(path("a.prom"), "new\n").has_value());
  EXPECT_EQ(read("a.prom"), "new\n");
  EXPECT_EQ(entries(), 1u);
  EXPECT_EQ(fs::status(path("a.prom")).permissions(), fs::perms(0644));
}

TEST_F(whole_file, is_a_new_inode_so_that_a_reader_keeps_what_it_opened) {
  ASSERT_TRUE(replace_file(path("a.prom"), "old\n").has_value());
  std::ifstream reader(path("a.prom"));
  ASSERT_TRUE(replace_file(path("a.prom"), "new\n").has_value());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old\n");
}

TEST_F(whole_file, behind_a_link_keeps_the_link) {
  ASSERT_TRUE(replace_file(path("target"), "old\n").has_value());
  fs::create_symlink(path("target"), path("link"));
  ASSERT_TRUE(replace_file(path("link"), "new\n").has_value());
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read("target"), "new\n");
}

TEST_F(whole_file, says_where_it_failed_and_leaves_nothing) {
  const auto done = replace_file(path("none/a.prom"), "x");
  ASSERT_FALSE(done.has_value());
  EXPECT_THAT(done.error().message, testing::HasSubstr("none/a.prom cannot be written: No such file or directory"));
  fs::create_directory(path("folder"));
  EXPECT_FALSE(replace_file(path("folder"), "x").has_value());
  EXPECT_EQ(entries(), 1u);
}

TEST_F(whole_file, is_created_but_never_over_another) {
  ASSERT_TRUE(create_file(path("c.toml"), "mine\n").has_value());
  const auto again = create_file(path("c.toml"), "yours\n");
  ASSERT_FALSE(again.has_value());
  EXPECT_TRUE(again.error().exists);
  EXPECT_EQ(read("c.toml"), "mine\n");
  const auto nowhere = create_file(path("none/c.toml"), "x");
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_FALSE(nowhere.error().exists);
}

}  // namespace
}  // namespace docksweep::cli
