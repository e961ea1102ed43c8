// Figures as people read them.
#include "report/human.hpp"

#include <gtest/gtest.h>

#include "report/sample_node.hpp"

namespace docksweep::report {
namespace {

using namespace std::chrono_literals;

TEST(human_bytes, are_decimal_with_at_most_three_digits) {
  const std::pair<core::byte_count, const char*> cases[] = {{0, "0 B"},
                                                            {999, "999 B"},
                                                            {1000, "1.0 kB"},
                                                            {1049, "1.0 kB"},
                                                            {1050, "1.1 kB"},
                                                            {99'900, "99.9 kB"},
                                                            {99'950, "100 kB"},
                                                            {678'400'000, "678 MB"},
                                                            {999'499, "999 kB"},
                                                            {999'500, "1.0 MB"},
                                                            {1'400'000'000, "1.4 GB"},
                                                            {34'520'000, "34.5 MB"},
                                                            {5'000'000'000'000, "5.0 TB"},
                                                            {INT64_MAX, "9.2 EB"},
                                                            {-1500, "-1.5 kB"}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(human_bytes(bytes), text) << bytes;
}

TEST(human_bytes, unknown_is_a_dash) {
  EXPECT_EQ(human_bytes(std::optional<core::byte_count>()), "-");
  EXPECT_EQ(human_bytes(std::optional<core::byte_count>(5)), "5 B");
}

TEST(human_bytes, ranges_show_both_ends_unless_they_look_the_same) {
  EXPECT_EQ(human_bytes(core::byte_range{12'000'000, 30'000'000}), "12.0 MB–30.0 MB");
  EXPECT_EQ(human_bytes(core::byte_range{12'000'000, 12'000'000}), "12.0 MB");
  EXPECT_EQ(human_bytes(core::byte_range{12'000'001, 12'000'002}), "12.0 MB");
  EXPECT_EQ(human_bytes(core::byte_range{0, 30'000'000}), "≤30.0 MB");
  EXPECT_EQ(human_bytes(core::byte_range{0, 0}), "0 B");
}

TEST(human_duration, uses_whole_units) {
  const std::pair<std::chrono::nanoseconds, const char*> cases[] = {
      {-5s, "now"},          {999ms, "now"},         {1s, "1 second"},         {59s, "59 seconds"},
      {60s, "1 minute"},     {119s, "1 minute"},     {59min, "59 minutes"},    {60min, "1 hour"},
      {47h, "47 hours"},     {48h, "2 days"},        {24h * 13, "13 days"},    {24h * 14, "2 weeks"},
      {24h * 59, "8 weeks"}, {24h * 60, "2 months"}, {24h * 729, "24 months"}, {24h * 730, "2 years"}};
  for (const auto& [duration, text] : cases) EXPECT_EQ(human_duration(duration), text) << duration.count();
}

TEST(human_age, looks_back) {
  const auto now = testing::sample_now();
  EXPECT_EQ(human_age(now - 72h, now), "3 days ago");
  EXPECT_EQ(human_age(now - 10ms, now), "just now");
  EXPECT_EQ(human_age(now + 1h, now), "just now");
  EXPECT_EQ(human_age(std::nullopt, now), "-");
}

TEST(rfc3339, is_utc_in_whole_seconds) {
  EXPECT_EQ(rfc3339(testing::sample_now()), "2026-11-23T12:00:00Z");
  EXPECT_EQ(rfc3339(core::instant{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(core::instant{} - 1ms), "1969-12-31T23:59:59Z");
  EXPECT_EQ(rfc3339(core::instant{} + 951782399s), "2000-02-28T23:59:59Z");
  EXPECT_EQ(rfc3339(core::instant{} + 951782400s), "2000-02-29T00:00:00Z");
}

TEST(short_id, is_twelve_digits) {
  EXPECT_EQ(short_id("sha256:0123456789abcdef"), "0123456789ab");
  EXPECT_EQ(short_id("0123456789abcdef"), "0123456789ab");
  EXPECT_EQ(short_id("abc"), "abc");
  EXPECT_EQ(short_id(""), "");
}

}  // namespace
}  // namespace docksweep::report
