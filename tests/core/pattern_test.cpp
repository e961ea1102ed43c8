// Globs and regular expressions over image and container names, and alert matchers.
#include "core/pattern.hpp"

#include <gtest/gtest.h>

#include "core/matcher.hpp"

namespace docksweep::core {
namespace {

bool globbed(const char* pattern, const char* name) {
  const auto compiled = glob::compile(pattern);
  EXPECT_TRUE(compiled) << pattern;
  return compiled && compiled->matches(name);
}

TEST(glob, star_crosses_slashes_and_colons) {
  EXPECT_TRUE(globbed("*/kube-system/*", "registry.local:5000/kube-system/pause:3.9"));
  EXPECT_TRUE(globbed("*", ""));
  EXPECT_TRUE(globbed("k8s_*", "k8s_POD_coredns"));
}

TEST(glob, matches_the_whole_name_and_case_counts) {
  EXPECT_FALSE(globbed("alpine", "alpine:3.19"));
  EXPECT_FALSE(globbed("k8s", "x-k8s-y"));
  EXPECT_FALSE(globbed("Alpine*", "alpine:3.19"));
}

TEST(glob, knows_question_marks_classes_and_escapes) {
  EXPECT_TRUE(globbed("v?", "v1"));
  EXPECT_FALSE(globbed("v?", "v10"));
  EXPECT_TRUE(globbed("v[0-9]", "v7"));
  EXPECT_FALSE(globbed("v[!0-9]", "v7"));
  EXPECT_TRUE(globbed("v[]x]", "v]"));
  EXPECT_TRUE(globbed("\\*a", "*a"));
  EXPECT_FALSE(globbed("\\*a", "ba"));
  EXPECT_TRUE(globbed("a.b+c(d)|{e}^$", "a.b+c(d)|{e}^$"));
  EXPECT_FALSE(globbed("a.b", "axb"));
}

TEST(glob, refuses_what_it_cannot_mean) {
  EXPECT_EQ(glob::compile("").error(), (text_fault{"is empty: a glob that matches everything is \"*\"", 0}));
  EXPECT_EQ(glob::compile("ab[c").error(),
            (text_fault{"\"ab[c\" has a [ without its ]: \\[ is the character itself", 2}));
  EXPECT_EQ(glob::compile("ab\\").error(), (text_fault{"\"ab\\\" ends in a \\: \\\\ is the character itself", 2}));
  EXPECT_EQ(glob::compile("[z-a]").error().message, "\"[z-a]\" is not a glob: invalid character class range: z-a");
}

TEST(glob, matches_references_in_familiar_and_canonical_form) {
  const auto matches = [](const char* pattern, const char* name) {
    return glob::compile(pattern)->matches_reference(name);
  };
  EXPECT_TRUE(matches("alpine:3.19", "alpine:3.19"));
  EXPECT_TRUE(matches("docker.io/library/alpine:*", "alpine:3.19"));
  EXPECT_TRUE(matches("alpine:3.19", "docker.io/library/alpine:3.19"));
  EXPECT_TRUE(matches("*/library/*", "alpine:3.19"));
  EXPECT_FALSE(matches("*/library/*", "grafana/grafana:9"));
  EXPECT_TRUE(matches("docker.io/grafana/*", "grafana/grafana:9"));
  EXPECT_FALSE(matches("docker.io/*", "quay.io/x/y:1"));
  EXPECT_TRUE(matches("alpine@sha256:*", "docker.io/library/alpine@sha256:00"));
}

TEST(reference_forms, follow_the_docker_cli) {
  EXPECT_EQ(canonical_reference("alpine:3.19"), "docker.io/library/alpine:3.19");
  EXPECT_EQ(canonical_reference("a/b"), "docker.io/a/b");
  EXPECT_EQ(canonical_reference("localhost/b:1"), "localhost/b:1");
  EXPECT_EQ(canonical_reference("host:5000/b:1"), "host:5000/b:1");
  EXPECT_EQ(canonical_reference("index.docker.io/library/b"), "docker.io/library/b");
  EXPECT_EQ(familiar_reference("docker.io/library/alpine"), "alpine");
  EXPECT_EQ(familiar_reference("docker.io/library/a/b"), "library/a/b");
  EXPECT_EQ(familiar_reference("quay.io/library/a"), "quay.io/library/a");
}

const std::string re2_has_not = " (the expression is RE2's, which has neither lookaround nor backreferences)";

TEST(regex, searches_anywhere_and_carries_re2s_words) {
  const auto keep = regex::compile("(/kube-system/)|(/library/)");
  ASSERT_TRUE(keep);
  EXPECT_TRUE(keep->search("reg/kube-system/pause:3"));
  EXPECT_FALSE(keep->search("alpine:3.19")) << "names are searched as the engine spells them";
  EXPECT_FALSE(keep->matches("/library/x"));
  EXPECT_EQ(regex::compile("ab(?=c)").error(), (text_fault{"invalid perl operator: (?=" + re2_has_not, 2}));
  EXPECT_EQ(regex::compile("a(b").error().message, "missing ): a(b" + re2_has_not);
}

TEST(label_matcher, reads_all_operators) {
  const auto fits = [](const char* text, const char* value) {
    const auto read = label_matcher::parse(text);
    EXPECT_TRUE(read) << text;
    return read && read->fits(label_list{{"a", value}});
  };
  EXPECT_TRUE(fits(R"(a="x")", "x"));
  EXPECT_FALSE(fits(R"(a="x")", "xy"));
  EXPECT_TRUE(fits(R"(a!="x")", "y"));
  EXPECT_TRUE(fits(R"(a=~"x.*")", "xyz"));
  EXPECT_FALSE(fits(R"(a=~"x")", "xyz")) << "anchored at both ends";
  EXPECT_TRUE(fits(R"(a!~"x")", "xyz"));
  EXPECT_TRUE(fits(R"( a = x )", "x"));
  EXPECT_TRUE(fits(R"(a="q\"\\\d")", "q\"\\\\d"));
  EXPECT_TRUE(fits(R"(b="")", "x")) << "a label that is not there is empty";
  EXPECT_TRUE(fits(R"(a=x\"y)", "x\"y")) << "escapes count without quotes, too";
}

TEST(label_matcher, refuses_with_a_position) {
  EXPECT_EQ(label_matcher::parse("=\"x\"").error().offset, 0U);
  EXPECT_EQ(label_matcher::parse("a").error().offset, 1U);
  EXPECT_EQ(label_matcher::parse("a=\"x").error().offset, 4U);
  EXPECT_EQ(label_matcher::parse("a=\"x\"y").error().offset, 5U);
  EXPECT_EQ(label_matcher::parse("a=~\"b(?=\"").error(), (text_fault{"invalid perl operator: (?=" + re2_has_not, 5}));
}

}  // namespace
}  // namespace docksweep::core
