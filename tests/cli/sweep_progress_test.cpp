// The bar of a sweep, whatever the terminal's width.
#include "cli/sweep_progress.hpp"

#include <gtest/gtest.h>

#include "report/utf8.hpp"

namespace docksweep::cli {
namespace {

const app::sweep_progress half{.sweep_id = 1,
                               .step = 5,
                               .steps = 10,
                               .freed = 120'000'000,
                               .predicted = 400'000'000,
                               .current = "registry.example.com/team/application:1.4.2"};

TEST(sweep_progress_text, shows_bytes_so_far_and_to_go) {
  EXPECT_EQ(sweep_progress_text(half, 120),
            "[==========>         ] 5/10, 120 MB freed, 280 MB to go: registry.example.com/team/application:1.4.2");
  EXPECT_EQ(sweep_progress_text(half, 80),
            "[==========>         ] 5/10, 120 MB freed, 280 MB to go: registry.example.com/…");
}

TEST(sweep_progress_text, has_nothing_to_go_when_more_came_back_than_predicted) {
  auto over = half;
  over.step = 10;
  over.freed = 500'000'000;
  over.current.clear();
  EXPECT_EQ(sweep_progress_text(over, 80), "[====================] 10/10, 500 MB freed, 0 B to go");
}

TEST(sweep_progress_text, never_fills_the_last_column) {
  for (int width = 1; width < 130; ++width) {
    EXPECT_LE(report::columns_of(sweep_progress_text(half, width)), static_cast<std::size_t>(std::max(width - 1, 1)));
  }
}

}  // namespace
}  // namespace docksweep::cli
