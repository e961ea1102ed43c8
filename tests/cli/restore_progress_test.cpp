// The line of a restoration, whatever the terminal's width.
#include "cli/restore_progress.hpp"

#include <gtest/gtest.h>

#include "report/utf8.hpp"

namespace docksweep::cli {
namespace {

TEST(restore_progress_text, says_which_image_and_how_much_came) {
  EXPECT_EQ(restore_progress_text(3, 30, "app:1", 0, 80), "[3/30] app:1");
  EXPECT_EQ(restore_progress_text(3, 30, "app:1", 12'300'000, 80), "[3/30] app:1, 12.3 MB");
}

TEST(restore_progress_text, never_fills_the_last_column) {
  for (int width = 1; width < 100; ++width) {
    const auto text = restore_progress_text(3, 30, "registry.example.com/team/application:1.4.2", 12'300'000, width);
    EXPECT_LE(report::columns_of(text), static_cast<std::size_t>(std::max(width - 1, 1)));
  }
}

}  // namespace
}  // namespace docksweep::cli
