// The form of a log line: stable keys, and nothing from outside that could forge a second line.
#include "cli/log_line.hpp"

#include <gtest/gtest.h>

namespace docksweep::cli {
namespace {

using std::chrono::milliseconds;

std::string line(config::log_format format, std::initializer_list<app::log_field> fields) {
  return log_line(format, core::instant(milliseconds(1795455000123)), app::log_level::warn, "engine_down",
                  std::span<const app::log_field>(fields.begin(), fields.size()));
}

TEST(log_line, is_logfmt) {
  EXPECT_EQ(line(config::log_format::logfmt, {{"engine", "unix:///s"}, {"why", "no answer"}, {"next", ""}}),
            R"(ts=2026-11-23T17:30:00.123Z level=warn event=engine_down engine=unix:///s why="no answer" next="")");
}

TEST(log_line, escapes_logfmt_so_that_a_value_stays_one_value) {
  EXPECT_EQ(line(config::log_format::logfmt, {{"why", "a\nts=1 level=\"info\"\x1b[2J\\"}}),
            R"(ts=2026-11-23T17:30:00.123Z level=warn event=engine_down why="a\nts=1 level=\"info\"\x1b[2J\\")");
}

TEST(log_line, is_json) {
  EXPECT_EQ(
      line(config::log_format::json, {{"why", "say \"no\"\n"}, {"took_ms", "12"}}),
      R"({"ts":"2026-11-23T17:30:00.123Z","level":"warn","event":"engine_down","why":"say \"no\"\n","took_ms":"12"})");
}

}  // namespace
}  // namespace docksweep::cli
