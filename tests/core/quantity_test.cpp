// Durations and byte amounts: what is read, what is refused and with which words, and that print and parse agree.
#include "core/quantity.hpp"

#include <gtest/gtest.h>

#include <random>

namespace docksweep::core {
namespace {

using namespace std::chrono_literals;

TEST(duration_text, reads_every_unit_and_joined_ones) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("10m"), 10min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("90d"), 24h * 90);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("0s"), 0ms);
  EXPECT_EQ(parse_duration("36500d"), 24h * 36500);
}

struct refused {
  const char* text;
  std::size_t offset;
  const char* message;
};

void PrintTo(const refused& which, std::ostream* out) {
  *out << which.text;
}

class refused_duration : public testing::TestWithParam<refused> {};

TEST_P(refused_duration, says_what_and_where) {
  const auto& [text, offset, message] = GetParam();
  const auto read = parse_duration(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().offset, offset);
  EXPECT_TRUE(read.error().message.starts_with(message)) << read.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    all, refused_duration,
    testing::Values(refused{"", 0, "is empty: durations are integers with ms, s, m, h or d, as in \"1h30m\""},
                    refused{"30", 2, "\"30\" has no unit: "}, refused{"-5m", 0, "\"-5m\" is negative: "},
                    refused{"5 m", 1, "\"5 m\" has an unknown unit: "},
                    refused{"1.5h", 1, "\"1.5h\" has an unknown unit: "},
                    refused{"10min", 2, "\"10min\" has the unit \"min\", did you mean \"m\"? "},
                    refused{"10M", 2, "\"10M\" has the unit \"M\", did you mean \"m\"? "},
                    refused{"1h30x", 4, "\"1h30x\" has an unknown unit: "},
                    refused{"h", 0, "\"h\" is not understood: "},
                    refused{"36501d", 0, "\"36501d\" is too long: at most 36500d"},
                    refused{"99999999999999999999999s", 0, "\"99999999999999999999999s\" is too long"}));

TEST(duration_text, prints_what_it_reads) {
  EXPECT_EQ(print_duration(90min), "1h30m");
  EXPECT_EQ(print_duration(24h * 90), "90d");
  EXPECT_EQ(print_duration(0ms), "0s");
  EXPECT_EQ(print_duration(1001ms), "1s1ms");
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> any(0, 36500LL * 86400000);
  for (int i = 0; i < 2000; ++i) {
    const duration value(any(random));
    ASSERT_EQ(parse_duration(print_duration(value)), value) << print_duration(value);
  }
}

TEST(bytes_text, reads_every_unit_and_decimals) {
  EXPECT_EQ(parse_bytes("17B"), 17);
  EXPECT_EQ(parse_bytes("1kB"), 1000);
  EXPECT_EQ(parse_bytes("1MB"), 1'000'000);
  EXPECT_EQ(parse_bytes("1GB"), 1'000'000'000);
  EXPECT_EQ(parse_bytes("1TB"), 1'000'000'000'000);
  EXPECT_EQ(parse_bytes("1KiB"), 1024);
  EXPECT_EQ(parse_bytes("1MiB"), 1 << 20);
  EXPECT_EQ(parse_bytes("10GiB"), 10LL << 30);
  EXPECT_EQ(parse_bytes("1TiB"), 1LL << 40);
  EXPECT_EQ(parse_bytes("1.5GB"), 1'500'000'000);
  EXPECT_EQ(parse_bytes("0.3KiB"), 307);
  EXPECT_EQ(parse_bytes("0B"), 0);
  EXPECT_EQ(parse_bytes("8192TiB"), 1LL << 53);
}

class refused_bytes : public testing::TestWithParam<refused> {};

TEST_P(refused_bytes, says_what_and_where) {
  const auto& [text, offset, message] = GetParam();
  const auto read = parse_bytes(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().offset, offset);
  EXPECT_TRUE(read.error().message.starts_with(message)) << read.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    all, refused_bytes,
    testing::Values(
        refused{"", 0,
                "is empty: amounts of bytes are numbers with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in \"10GiB\""},
        refused{"10", 2, "\"10\" has no unit: "}, refused{"-1GB", 0, "\"-1GB\" is negative: "},
        refused{"10gib", 2, "\"10gib\" has the unit \"gib\", did you mean \"GiB\"? "},
        refused{"10G", 2, "\"10G\" has the unit \"G\", did you mean \"GB\"? "},
        refused{"10KB", 2, "\"10KB\" has the unit \"KB\", did you mean \"kB\"? "},
        refused{"10 GB", 2, "\"10 GB\" has an unknown unit: "}, refused{"1.GB", 1, "\"1.GB\" is not understood: "},
        refused{"1GB5", 1, "\"1GB5\" has an unknown unit: "},
        refused{"1.1234567GB", 8, "\"1.1234567GB\" has more than six decimals"},
        refused{"8192.1TiB", 0, "\"8192.1TiB\" is too much: at most 8192TiB"},
        refused{"99999999999999999999B", 0, "\"99999999999999999999B\" is too much"}));

TEST(bytes_text, prints_what_it_reads) {
  EXPECT_EQ(print_bytes(10LL << 30), "10GiB");
  EXPECT_EQ(print_bytes(500'000'000), "500MB");
  EXPECT_EQ(print_bytes(0), "0B");
  EXPECT_EQ(print_bytes(1'500'001), "1500001B");
  std::mt19937_64 random(2);
  std::uniform_int_distribution<int> digits(0, 53);
  for (int i = 0; i < 2000; ++i) {
    const auto value = static_cast<byte_count>(random() >> 11) >> digits(random);
    ASSERT_EQ(parse_bytes(print_bytes(value)), value) << print_bytes(value);
  }
}

}  // namespace
}  // namespace docksweep::core
