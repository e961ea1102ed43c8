// Whatever the file holds, reading it ends in settings or in faults that stand inside the file; the sanitizers watch.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "config/effective.hpp"
#include "config/examples.hpp"
#include "config/support.hpp"

namespace docksweep::config {
namespace {

// Loads; whatever loads must also survive its effective form.
void survives(const std::string& text) {
  const auto loaded = load_text(text, "g.toml", test_environment());
  if (loaded) {
    const auto again = load_text(effective_text(*loaded, secrets::shown), "e.toml", test_environment());
    ASSERT_TRUE(again) << text << "\n---\n" << in_lines(again.error());
    ASSERT_EQ(again->values.hash, loaded->values.hash) << text;
    return;
  }
  ASSERT_FALSE(loaded.error().empty());
  const auto lines = std::ranges::count(text, '\n') + 1;
  for (const auto& fault : loaded.error()) {
    ASSERT_FALSE(fault.message.empty());
    ASSERT_GE(fault.line, 1) << text;
    ASSERT_LE(fault.line, lines) << text << to_string(fault);
    ASSERT_GE(fault.column, 1) << text;
  }
}

class garbage : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937_64 random_{GetParam()};
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
};

TEST_P(garbage, bytes) {
  for (int i = 0; i < 300; ++i) {
    std::string text(below(200), '\0');
    for (auto& c : text) c = static_cast<char>(below(256));
    survives(text);
  }
}

// The commented default with all lines in use, and then a few of them changed: mistakes as people and editors make
// them.
TEST_P(garbage, mutated_files) {
  const std::string_view pieces[] = {"[",
                                     "]",
                                     "{",
                                     "}",
                                     "\"",
                                     "'",
                                     "=",
                                     ".",
                                     ",",
                                     "\n",
                                     "#",
                                     "-1",
                                     "0",
                                     "99999999999999999999",
                                     "1e400",
                                     "nan",
                                     "{env:NAME}",
                                     "{env:X}",
                                     "{hostname}",
                                     "\\",
                                     "(?",
                                     "*",
                                     "ä",
                                     "\xff",
                                     "true",
                                     "1979-05-27",
                                     "[[policy]]\n",
                                     "policy",
                                     "\"\"",
                                     "[]",
                                     "{}",
                                     "running",
                                     "0s",
                                     "-5m",
                                     "d"};
  for (int i = 0; i < 120; ++i) {
    std::string text(examples()[below(examples().size())].text);
    std::erase_if(text, [&, before = '\n'](char c) mutable {
      return std::exchange(before, c) == '\n' && c == '#' && below(2) == 0;
    });
    for (std::size_t change = 0, changes = 1 + below(4); change < changes; ++change) {
      const auto at = below(text.size());
      const auto length = std::min(below(12), text.size() - at);
      text.replace(at, length, pieces[below(std::size(pieces))]);
    }
    survives(text);
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, garbage, testing::Range(1U, 5U));

TEST(deep_nesting, ends_in_a_fault) {
  survives("a = " + std::string(100000, '['));
  std::string tables = "[a";
  for (int i = 0; i < 2000; ++i) tables += ".a";
  survives(tables + "]\nx = 1\n");
  std::string inside = "a = ";
  for (int i = 0; i < 5000; ++i) inside += "{a=";
  survives(inside);
}

}  // namespace
}  // namespace docksweep::config
