// What of a helper's stderr may be shown.
#include "engine/credentials/helper_answer.hpp"

#include <gmock/gmock.h>

#include <ostream>

namespace docksweep {
namespace {

using engine::presentable;

struct line {
  std::string_view errors, shown;
};
void PrintTo(const line& value, std::ostream* out) {
  *out << value.errors;
}

class lines_of_stderr : public testing::TestWithParam<line> {};

TEST_P(lines_of_stderr, are_shown_as_far_as_they_are_plain_words) {
  EXPECT_EQ(presentable(GetParam().errors, "correcthorse is it", {"reg.example.com", "pass2"}), GetParam().shown);
}

constexpr line lines[] = {
    {"", ""},
    {"\n", ""},
    {"pass store is uninitialized\nmore", "pass …"},
    {"the store is uninitialized\nmore", "the store is uninitialized"},
    {"Cannot autolaunch D-Bus without X11 $DISPLAY", "Cannot autolaunch … without …"},
    {"no entry for reg.example.com in pass2", "no entry for reg.example.com in pass2"},
    {"gpg: decryption failed: No secret key", "gpg: decryption failed: No secret …"},
    {"password: correct", "password: …"},
    {"Bearer abcdef", "Bearer …"},
    {"PASSWORD=abcdef is wrong", ""},
    {"token", "token"},
    {"it is correcthorse", "it is …"},
    {"it is hunter2", "it is …"},
    {"it is dXNlcjpwYXNz really", "it is … really"},
    {"a /b/c d1 e", "a … e"},
    {"\x1b[31mred\x1b[0m alert", "… alert"},
    {"d\xC3\xA4mlich", ""},
    {"\xFF\xFE", ""},
    {"hunter2", ""},
    {"... !!!", ""},
};
INSTANTIATE_TEST_SUITE_P(all, lines_of_stderr, testing::ValuesIn(lines));

TEST(presentable, is_bounded) {
  std::string_view word = "word ";
  std::string errors;
  for (int i = 0; i < 1000; ++i) errors += word;
  const auto shown = presentable(errors, "", {});
  EXPECT_LT(shown.size(), 210u);
  EXPECT_TRUE(shown.ends_with("…"));
  EXPECT_EQ(presentable(std::string(1000, 'a'), "", {}), "");
}

}  // namespace
}  // namespace docksweep
