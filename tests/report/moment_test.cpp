// Moments as people write them.
#include "report/moment.hpp"

#include <gtest/gtest.h>

#include "report/human.hpp"
#include "report/sample_node.hpp"

namespace docksweep::report {
namespace {

std::string since(std::string_view text) {
  const auto found = parse_since(text, testing::sample_now());
  return found ? rfc3339(*found) : "fault: " + found.error().message;
}

TEST(moment, reads_how_long_ago) {
  EXPECT_EQ(since("7d"), "2026-11-16T12:00:00Z");
  EXPECT_EQ(since("1h30m"), "2026-11-23T10:30:00Z");
}

TEST(moment, does_not_go_back_beyond_1970) {
  EXPECT_EQ(since("25000d"), "1970-01-01T00:00:00Z");
}

TEST(moment, reads_days_and_rfc3339) {
  EXPECT_EQ(since("2026-11-20"), "2026-11-20T00:00:00Z");
  EXPECT_EQ(since("2026-11-20T14:00:00Z"), "2026-11-20T14:00:00Z");
  EXPECT_EQ(since("2026-11-20T14:00:00.5+01:00"), "2026-11-20T13:00:00Z");
  EXPECT_EQ(since("2026-11-20 14:00:00-02:30"), "2026-11-20T16:30:00Z");
}

TEST(moment, refuses_the_rest_with_what_is_allowed) {
  for (const auto* text : {"", "yesterday", "2026-13-01", "2026-11-20x", "2026-11-20T14:00:00", "14:00", "-7d",
                           "8242-01-01T00:00:00Z", "1969-12-31", "2262-01-01", "2026-01-01T00::9700Z",
                           "2026-01-01T00:00:00.Z"}) {
    const auto found = since(text);
    EXPECT_TRUE(found.starts_with("fault: ")) << text << " was read as " << found;
    EXPECT_NE(found.find("7d, 1h30m"), std::string::npos) << found;
  }
}

}  // namespace
}  // namespace docksweep::report
