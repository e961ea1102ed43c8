// RFC 3339, section 5.6, within what an instant can hold.
#include "core/rfc3339.hpp"

#include <gtest/gtest.h>

namespace docksweep::core {
namespace {

std::int64_t milliseconds(std::string_view text) {
  const auto found = parse_rfc3339(text);
  return found ? std::chrono::floor<std::chrono::milliseconds>(found->time_since_epoch()).count() : -1;
}

TEST(rfc3339, is_read_to_the_millisecond) {
  EXPECT_EQ(milliseconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(milliseconds("2024-02-29T23:59:59Z"), 1'709'251'199'000);
  EXPECT_EQ(milliseconds("2024-02-29 23:59:59z"), 1'709'251'199'000);
  EXPECT_EQ(milliseconds("2024-02-29t23:59:59.5Z"), 1'709'251'199'500);
  EXPECT_EQ(milliseconds("2024-02-29T23:59:59.123999999Z"), 1'709'251'199'123);
  EXPECT_EQ(milliseconds("2024-02-29T23:59:59.04+01:30"), 1'709'251'199'040 - 5'400'000);
  EXPECT_EQ(milliseconds("2024-02-29T23:59:59-00:30"), 1'709'251'199'000 + 1'800'000);
  EXPECT_EQ(milliseconds("2016-12-31T23:59:60Z"), milliseconds("2017-01-01T00:00:00Z"));
  EXPECT_EQ(milliseconds("2261-12-31T23:59:59.999Z"), 9'214'646'399'999);
}

TEST(rfc3339, is_nothing_else) {
  for (const char* const text :
       {"", "Z", "2024", "2024-02-29", "2024-02-29T", "2024-02-29T23:59Z", "2024-02-29T23:59:59", "2024-02-29T23:59:59Z ",
        " 2024-02-29T23:59:59Z", "2024-02-29T23:59:59.Z", "2024-02-29T23:59:59+0100", "2024-02-29T23:59:59+01",
        "2024-02-29T23:59:59+24:00", "2024-02-29T23:59:59+01:60", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T00::97Z", "2024-01-01T10:0p:00.123Z",
        "+024-01-01T00:00:00Z", "2024-1-01T00:00:00Z", "20240101T000000Z", "2024/01/01T00:00:00Z",
        "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00ZZ"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

TEST(rfc3339, ends_where_an_instant_does) {
  for (const char* const text : {"0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z",
                                 "1970-01-01T00:00:00+00:01", "2262-01-01T00:00:00Z", "8242-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace docksweep::core
