// The line that says what takes so long.
#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace docksweep::cli {
namespace {

using std::chrono::seconds;

TEST(progress_text, shows_how_far_it_is) {
  EXPECT_EQ(progress_text("reading", 0, 10, seconds(1), 80), "reading [>" + std::string(39, ' ') + "] 0/10");
  EXPECT_EQ(progress_text("reading", 5, 10, seconds(1), 80),
            "reading [" + std::string(20, '=') + ">" + std::string(19, ' ') + "] 5/10");
  EXPECT_EQ(progress_text("reading", 10, 10, seconds(1), 80), "reading [" + std::string(40, '=') + "] 10/10");
}

TEST(progress_text, never_fills_the_last_column) {
  for (int width = 1; width < 120; ++width) {
    EXPECT_LE(progress_text("reading the layers of images", 7, 1000, seconds(1), width).size(), std::max(width - 1, 1));
  }
}

TEST(progress_text, without_a_total_shows_the_time) {
  EXPECT_EQ(progress_text("asking", 0, 0, seconds(12), 80), "asking … 12 s");
}

}  // namespace
}  // namespace docksweep::cli
