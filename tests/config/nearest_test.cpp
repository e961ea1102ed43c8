// Which name is meant by one that nobody knows.
#include "config/nearest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace docksweep::config {
namespace {

const std::vector<std::string> known{"mode", "settle", "min_age", "images", "images_regex", "disk_above"};

TEST(nearest, finds_typing_mistakes) {
  EXPECT_EQ(nearest("mdoe", known), "mode");
  EXPECT_EQ(nearest("min-age", known), "min_age");
  EXPECT_EQ(nearest("Settle", known), "settle");
  EXPECT_EQ(nearest("image", known), "images");
  EXPECT_EQ(nearest("images_regexp", known), "images_regex");
  EXPECT_EQ(nearest("disk_abvoe", known), "disk_above");
}

TEST(nearest, is_silent_when_nothing_is_near) {
  EXPECT_EQ(nearest("frobnicate", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest("mxxx", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(100000, 'm'), known), std::nullopt);
  EXPECT_EQ(nearest("mode", {}), std::nullopt);
}

}  // namespace
}  // namespace docksweep::config
