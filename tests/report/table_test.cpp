// Tables fit the terminal, and never say anything to it that it would obey.
#include "report/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "report/utf8.hpp"

namespace docksweep::report {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

table sample() {
  table out({{.title = "IMAGE", .shorten = shortening::middle, .least_width = 10},
             {.title = "ID", .optional = true},
             {.title = "SIZE", .align = alignment::right},
             {.title = "STATUS", .shorten = shortening::end, .least_width = 6}});
  out.add({"registry.example.com/team/a-service-with-a-long-name:1.2.3", "0123456789ab", "1.4 GB",
           "Exited (0) 3 weeks ago"});
  out.add({"alpine:3.19", "ba9876543210", "7.3 MB", "Up 2 hours"});
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::vector<std::size_t> widths_of(const std::string& text) {
  std::vector<std::size_t> out;
  for (const auto& line : lines_of(text)) out.push_back(columns_of(line));
  return out;
}

TEST(table, aligns_columns) {
  EXPECT_EQ(sample().text(), R"(IMAGE                                                       ID              SIZE  STATUS
registry.example.com/team/a-service-with-a-long-name:1.2.3  0123456789ab  1.4 GB  Exited (0) 3 weeks ago
alpine:3.19                                                 ba9876543210  7.3 MB  Up 2 hours
)");
}

TEST(table, fits_80_columns_by_shortening_the_widest) {
  EXPECT_EQ(sample().text({.width = 80}), R"(IMAGE                               ID              SIZE  STATUS
registry.example.…-long-name:1.2.3  0123456789ab  1.4 GB  Exited (0) 3 weeks ago
alpine:3.19                         ba9876543210  7.3 MB  Up 2 hours
)");
}

TEST(table, leaves_out_what_is_optional_when_shortening_is_not_enough) {
  const auto text = sample().text({.width = 32});
  EXPECT_THAT(widths_of(text), Each(Le(32u))) << text;
  EXPECT_THAT(text, Not(HasSubstr("0123456789ab")));
  EXPECT_THAT(text, HasSubstr("1.4 GB"));
  EXPECT_THAT(widths_of(sample().text({.width = 40})), Each(Le(40u)));
}

TEST(table, fits_every_width_down_to_its_least) {
  for (int width = 26; width < 200; ++width) {
    EXPECT_THAT(widths_of(sample().text({.width = width})), Each(Le(static_cast<std::size_t>(width)))) << width;
  }
}

TEST(table, is_whole_where_there_is_room_or_nobody_asked_for_less) {
  EXPECT_EQ(sample().text({.width = 200}), sample().text());
  EXPECT_EQ(sample().text({.width = 40, .no_trunc = true}), sample().text());
}

TEST(table, leaves_a_figure_whole_even_when_nothing_fits) {
  EXPECT_THAT(sample().text({.width = 5}), HasSubstr("1.4 GB"));
}

TEST(table, has_no_colour_unless_told) {
  EXPECT_EQ(sample().text().find('\x1b'), std::string::npos);
  const auto coloured = sample().text({.colour = true});
  EXPECT_TRUE(coloured.starts_with("\x1b[1mIMAGE")) << coloured;
  EXPECT_THAT(lines_of(coloured).front(), ::testing::EndsWith("STATUS\x1b[0m"));
}

TEST(table, can_do_without_a_header) {
  EXPECT_TRUE(sample().text({.header = false}).starts_with("registry"));
  EXPECT_EQ(table({{.title = "NAME"}}).text(), "NAME\n");
  EXPECT_EQ(table({{.title = "NAME"}}).text({.header = false}), "");
}

TEST(table, counts_columns_not_bytes) {
  table out({{.title = "N"}, {.title = "X"}});
  out.add({"Zoë…", "1"});
  out.add({"日本", "2"});
  out.add({"abcd", "3"});
  out.add({"e\xcc\x81" "fgh", "4"});
  EXPECT_THAT(widths_of(out.text({.header = false})), Each(7u)) << out.text();
}

TEST(table, writes_no_blanks_at_the_end_of_a_line) {
  table out({{.title = "A"}, {.title = "B"}});
  out.add({"long enough", ""});
  out.add({"x"});
  EXPECT_EQ(out.text(), "A            B\nlong enough\nx\n");
}

TEST(table, sends_no_control_characters_to_the_terminal) {
  table out({{.title = "A"}});
  out.add({"a\x1b[31mred\n\tb\x7f\xc2\x9b" "c\xff"});
  EXPECT_EQ(out.text({.header = false}), "a?[31mred??b??c\xEF\xBF\xBD\n");
}

TEST(shortened, keeps_what_fits_and_says_that_something_is_missing) {
  EXPECT_EQ(shortened("abcdefgh", 8, shortening::end), "abcdefgh");
  EXPECT_EQ(shortened("abcdefgh", 5, shortening::end), "abcd…");
  EXPECT_EQ(shortened("abcdefgh", 5, shortening::middle), "ab…gh");
  EXPECT_EQ(shortened("abcdefgh", 4, shortening::middle), "ab…h");
  EXPECT_EQ(shortened("abcdefgh", 4, shortening::never), "abcdefgh");
  EXPECT_EQ(shortened("日本語版", 5, shortening::end), "日本…");
  EXPECT_EQ(shortened("日本語版", 4, shortening::middle), "日…");  // half a character is none
  EXPECT_EQ(shortened("abc", 1, shortening::end), "…");
  EXPECT_EQ(shortened("abc", 0, shortening::end), "");
}

}  // namespace
}  // namespace docksweep::report
