// Events of a pull in, lines out: for logs, and for terminals of any size.
#include "cli/pull_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/utf8.hpp"

namespace docksweep::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class pull_progress_test : public testing::Test {
 protected:
  using bytes = std::optional<core::byte_count>;
  std::string take(const std::string& layer, const std::string& status, bytes current = {}, bytes total = {}) {
    return progress.take({layer, status, current, total}, now);
  }
  std::vector<std::string> frame(int columns = 80, int rows = 24) const { return progress.frame(columns, rows, now); }
  std::string totals() const { return frame().back(); }

  pull_progress::time_point now{seconds(1000)};
  pull_progress progress{now};
};

TEST_F(pull_progress_test, a_log_gets_a_line_for_each_change_of_state) {
  std::vector<std::string> lines;
  const auto add = [&](std::string line) {
    if (!line.empty()) lines.push_back(std::move(line));
  };
  add(take("", "Pulling from team/a"));
  add(take("aaaaaaaaaaaa", "Pulling fs layer"));
  for (int i = 0; i < 100; ++i) add(take("aaaaaaaaaaaa", "Downloading", i, 100));
  add(take("bbbbbbbbbbbb", "Already exists"));
  add(take("aaaaaaaaaaaa", "Download complete"));
  for (int i = 0; i < 100; ++i) add(take("aaaaaaaaaaaa", "Extracting", i, 100));
  add(take("aaaaaaaaaaaa", "Pull complete"));
  add(take("", "Digest: sha256:ab"));
  EXPECT_THAT(lines, ElementsAre("Pulling from team/a", "aaaaaaaaaaaa: Pulling fs layer", "aaaaaaaaaaaa: Downloading",
                                 "bbbbbbbbbbbb: Already exists", "aaaaaaaaaaaa: Download complete",
                                 "aaaaaaaaaaaa: Extracting", "aaaaaaaaaaaa: Pull complete"));
}

TEST_F(pull_progress_test, a_terminal_shows_a_line_for_each_layer_and_the_whole) {
  EXPECT_THAT(frame(), SizeIs(0));
  take("aaaaaaaaaaaa", "Pull complete");
  take("bbbbbbbbbbbb", "Downloading", 5'000'000, 10'000'000);
  take("cccccccccccc", "Waiting");
  EXPECT_THAT(frame(), ElementsAre("aaaaaaaaaaaa  Pull complete",
                                   "bbbbbbbbbbbb  Downloading         [============>            ]  5.0 MB/10.0 MB",
                                   "cccccccccccc  Waiting", "1/3 layers done, 5.0 MB"));
}

TEST_F(pull_progress_test, bytes_count_once_whatever_comes_after_the_download) {
  take("aaaaaaaaaaaa", "Downloading", 100, 1000);
  take("aaaaaaaaaaaa", "Downloading", 900, 1000);
  EXPECT_EQ(progress.bytes(), 900);
  take("aaaaaaaaaaaa", "Download complete");
  EXPECT_EQ(progress.bytes(), 1000);
  take("aaaaaaaaaaaa", "Extracting", 500, 1000);
  take("aaaaaaaaaaaa", "Pull complete");
  take("bbbbbbbbbbbb", "Already exists");
  EXPECT_EQ(progress.bytes(), 1000);
  EXPECT_EQ(progress.layers(), 2u);
  EXPECT_EQ(totals(), "2/2 layers done, 1.0 kB of 1.0 kB");
}

TEST_F(pull_progress_test, a_download_whose_end_goes_unsaid_is_whole_by_what_came_of_it) {
  for (const char* later : {"Verifying Checksum", "Extracting", "Pull complete"}) {
    const std::string layer = std::string("layer of ") + later;
    const auto before = progress.bytes();
    take(layer, "Downloading", 10, 1000);
    take(layer, later);
    EXPECT_EQ(progress.bytes(), before + 1000) << later;
  }
  EXPECT_EQ(progress.downloaded(), 3000);
  take("nothing of its size", "Pulling fs layer");
  take("nothing of its size", "Verifying Checksum");
  EXPECT_EQ(progress.downloaded(), std::nullopt);
  EXPECT_EQ(totals(), "1/4 layers done, 3.0 kB of 3.0 kB");
  take("nothing of its size", "Downloading", 0, 500);
  EXPECT_EQ(progress.downloaded(), 3000) << "it is downloaded again, and its size is known now";
}

// The containerd store tells of a layer in steps of time: a quick one comes without a word about its size.
TEST_F(pull_progress_test, layers_of_untold_size_make_no_sum) {
  take("aaaaaaaaaaaa", "Downloading", 1000, 1000);
  take("aaaaaaaaaaaa", "Download complete");
  take("bbbbbbbbbbbb", "Already exists");
  EXPECT_EQ(progress.downloaded(), 1000);
  take("cccccccccccc", "Pulling fs layer");
  take("cccccccccccc", "Download complete");
  EXPECT_EQ(progress.downloaded(), std::nullopt);
  EXPECT_EQ(progress.bytes(), 1000);
}

TEST_F(pull_progress_test, the_whole_is_known_when_every_layer_is) {
  take("aaaaaaaaaaaa", "Downloading", 1'000'000, 10'000'000);
  take("bbbbbbbbbbbb", "Waiting");
  now += seconds(1);
  take("aaaaaaaaaaaa", "Downloading", 2'000'000, 10'000'000);
  EXPECT_EQ(totals(), "0/2 layers done, 2.0 MB, 2.0 MB/s") << "nobody knows how large the other one is";
  take("bbbbbbbbbbbb", "Downloading", 0, 30'000'000);
  EXPECT_EQ(totals(), "0/2 layers done, 2.0 MB of 40.0 MB, 2.0 MB/s, 19 s left");
}

TEST_F(pull_progress_test, the_rate_is_that_of_the_last_seconds) {
  for (int i = 1; i <= 20; ++i) {
    now += milliseconds(500);
    take("aaaaaaaaaaaa", "Downloading", i * 5'000'000, 1'000'000'000);
  }
  EXPECT_THAT(totals(), HasSubstr("100 MB of 1.0 GB, 10.0 MB/s, 1 min 30 s left"));
  for (int i = 1; i <= 20; ++i) {
    now += milliseconds(500);
    take("aaaaaaaaaaaa", "Downloading", 100'000'000 + i * 500'000, 1'000'000'000);
  }
  EXPECT_THAT(totals(), HasSubstr("1.0 MB/s"));
  now += seconds(60);
  EXPECT_THAT(totals(), Not(HasSubstr("/s"))) << "nothing has come for a minute";
}

TEST_F(pull_progress_test, done_layers_become_a_count_where_there_is_no_room) {
  for (int i = 0; i < 30; ++i) take(std::to_string(100 + i), i < 20 ? "Pull complete" : "Downloading", 1, 10);
  const auto shown = frame(80, 24);
  ASSERT_THAT(shown, SizeIs(12));
  EXPECT_EQ(shown[0], "(20 layers are done)");
  EXPECT_THAT(shown[1], StartsWith("120 "));
  EXPECT_THAT(shown[11], StartsWith("20/30 layers done"));
  EXPECT_THAT(frame(80, 40), SizeIs(31));
}

TEST_F(pull_progress_test, layers_that_wait_give_way_to_those_that_move) {
  for (int i = 0; i < 30; ++i) take(std::to_string(100 + i), i == 29 ? "Downloading" : "Waiting", 1, 10);
  take("100", "Pull complete");
  const auto shown = frame(80, 10);
  ASSERT_THAT(shown, SizeIs(9));
  EXPECT_EQ(shown[0], "(1 layer is done)");
  EXPECT_THAT(shown[1], StartsWith("129 "));
  EXPECT_EQ(shown[7], "(23 more)");
}

TEST_F(pull_progress_test, fits_every_terminal) {
  for (int i = 0; i < 150; ++i) {
    take(std::to_string(100'000 + i),
         i % 3 == 0   ? "Pull complete"
         : i % 3 == 1 ? "Downloading"
                      : "Waiting",
         123'456'789, 987'654'321);
  }
  for (int rows = 1; rows < 160; ++rows) {
    for (int columns = 1; columns < 130; columns += 3) {
      const auto shown = frame(columns, rows);
      ASSERT_LE(shown.size(), static_cast<std::size_t>(std::max(rows - 1, 1))) << rows;
      for (const auto& line : shown) {
        ASSERT_LE(report::columns_of(line), static_cast<std::size_t>(std::max(columns - 1, 1))) << line;
      }
    }
  }
}

TEST_F(pull_progress_test, a_retry_is_one_line_in_a_log_and_no_end_of_a_layer) {
  take("aaaaaaaaaaaa", "Downloading", 700, 1000);
  EXPECT_EQ(take("aaaaaaaaaaaa", "Retrying in 5 seconds"), "aaaaaaaaaaaa: Retrying in 5 seconds");
  EXPECT_EQ(take("aaaaaaaaaaaa", "Retrying in 4 seconds"), "");
  EXPECT_THAT(frame()[0], EndsWith("Retrying in 4 seconds")) << "a terminal sees the seconds";
  take("aaaaaaaaaaaa", "Downloading", 200, 1000);
  EXPECT_EQ(progress.bytes(), 200) << "it began again";
  EXPECT_EQ(totals(), "0/1 layers done, 200 B of 1.0 kB");
}

TEST_F(pull_progress_test, survives_figures_that_make_no_sense) {
  constexpr auto most = std::numeric_limits<core::byte_count>::max();
  for (int i = 0; i < 1000; ++i) {
    take(std::to_string(i), "Downloading", most, most);
    take(std::to_string(i), "Download complete");
  }
  take("0", "Downloading", -5, -5);
  now += seconds(10);
  EXPECT_GT(progress.bytes(), 0);
  EXPECT_THAT(totals(), StartsWith("0/1000 layers done, "));
}

TEST_F(pull_progress_test, an_endless_number_of_layers_is_not_kept) {
  for (int i = 0; i < 5000; ++i) take(std::to_string(i), "Waiting");
  EXPECT_EQ(progress.layers(), 1000u);
}

}  // namespace
}  // namespace docksweep::cli
