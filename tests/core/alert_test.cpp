// Matcher lists, fingerprints, and the text of an alert.
#include "core/alert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/matcher.hpp"

namespace docksweep::core {
namespace {

using testing::HasSubstr;

bool all_fit_text(const char* text, const label_list& labels) {
  const auto read = parse_matchers(text);
  EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error().message);
  return read && all_fit(*read, labels);
}

TEST(matchers, all_of_them_have_to_fit) {
  const label_list labels{{"alertname", "DiskFull"}, {"instance", "node-7:9100"}};
  EXPECT_TRUE(all_fit_text(R"(alertname="DiskFull",instance=~"node-7(:.*)?")", labels));
  EXPECT_FALSE(all_fit_text(R"(alertname="DiskFull",instance=~"node-8(:.*)?")", labels));
  EXPECT_TRUE(all_fit_text(R"({ alertname = DiskFull , instance!~"node-8.*", })", labels));
  EXPECT_TRUE(all_fit_text("", labels)) << "without a matcher all labels do";
}

TEST(matchers, a_label_that_is_not_there_is_empty) {
  const label_list labels{{"a", "x"}};
  EXPECT_TRUE(all_fit_text(R"(b="")", labels));
  EXPECT_TRUE(all_fit_text(R"(b!="x")", labels));
  EXPECT_TRUE(all_fit_text(R"(b!~"x+")", labels));
  EXPECT_TRUE(all_fit_text(R"(b=~".*")", labels));
  EXPECT_FALSE(all_fit_text(R"(b=~".+")", labels));
  EXPECT_FALSE(all_fit_text(R"(b!="")", labels));
}

TEST(matchers, commas_and_braces_in_quotes_belong_to_the_value) {
  EXPECT_TRUE(all_fit_text(R"({a="x,y}",b="\",\\"})", {{"a", "x,y}"}, {"b", "\",\\"}}));
  EXPECT_TRUE(all_fit_text(R"(a=x\ny)", {{"a", "x\ny"}})) << "escapes count without quotes, too";
  EXPECT_TRUE(all_fit_text(R"(job:rate="1")", {{"job:rate", "1"}}));
}

TEST(matchers, refuse_with_a_position_in_the_whole_text) {
  EXPECT_EQ(parse_matchers(R"(a="b",c)").error().offset, 7U);
  EXPECT_EQ(parse_matchers(R"(a="b",c=~"x(")").error().message,
            "missing ): x( (the expression is RE2's, which has neither lookaround nor backreferences)");
  EXPECT_EQ(parse_matchers(R"( {a="b")").error().offset, 7U);
  EXPECT_FALSE(parse_matchers(R"(a="b",,c="d")"));
  EXPECT_FALSE(parse_matchers(","));
  EXPECT_FALSE(parse_matchers(R"(a="b" c="d")"));
}

TEST(matchers, are_written_as_they_are_read) {
  for (const auto* text : {R"(a="x\"\\\n")", "a=~b.*", R"(a!=" x ")", R"(a!~"")"}) {
    const auto read = label_matcher::parse(text);
    ASSERT_TRUE(read) << text;
    const auto again = label_matcher::parse(read->canonical());
    ASSERT_TRUE(again) << read->canonical();
    EXPECT_EQ(again->value(), read->value());
    EXPECT_EQ(again->how(), read->how());
    EXPECT_EQ(again->canonical(), read->canonical());
  }
  EXPECT_EQ(label_matcher::parse("a=~b.*")->canonical(), R"(a=~"b.*")");
}

// The second value is that of prometheus/common's own test of label signatures.
TEST(fingerprint, is_prometheus_own) {
  EXPECT_EQ(fingerprint_of({}), "cbf29ce484222325");
  EXPECT_EQ(fingerprint_of({{"fear", "love is not enough"}, {"name", "garland, briggs"}}), "507a62d79ee76c9a");
  const label_list labels{{"alertname", "DiskFull"}, {"instance", "node-7:9100"}};
  EXPECT_EQ(fingerprint_of(labels), fingerprint_of({labels[1], labels[0]})) << "the order of labels is none";
  EXPECT_NE(fingerprint_of({{"ab", "c"}}), fingerprint_of({{"a", "bc"}}));
}

TEST(alert_text, names_the_alert_and_its_labels_within_bounds) {
  alert one;
  one.labels = {{"alertname", "DiskFull"}, {"instance", "node-7"}, {"path", "/a\nb"}};
  EXPECT_EQ(to_text(one), R"(DiskFull{instance="node-7",path="/a b"})") << "one line, whatever is in it";
  one.labels = {{"a", std::string(1000, '\xC3') + "\xA4"}};
  EXPECT_LE(to_text(one).size(), 200U);
  EXPECT_THAT(to_text(one), HasSubstr("without a name"));
}

}  // namespace
}  // namespace docksweep::core
