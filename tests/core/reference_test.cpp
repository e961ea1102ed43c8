// References as the docker CLI reads them (cases of github.com/distribution/reference).
#include "core/reference.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docksweep::tests {
namespace {

const std::string hex(64, 'a');

TEST(reference, reads_every_form) {
  struct sample {
    std::string text, domain, path, tag, digest;
  };
  for (const auto& one : {sample{"alpine", "docker.io", "library/alpine", "", ""},
                          sample{"alpine:3.19", "docker.io", "library/alpine", "3.19", ""},
                          sample{"docker.io/alpine", "docker.io", "library/alpine", "", ""},
                          sample{"index.docker.io/team/app:1", "docker.io", "team/app", "1", ""},
                          sample{"team/app", "docker.io", "team/app", "", ""},
                          sample{"localhost/app:1", "localhost", "app", "1", ""},
                          sample{"localhost:5000/app", "localhost:5000", "app", "", ""},
                          sample{"127.0.0.1:5000/team/app:v1_2", "127.0.0.1:5000", "team/app", "v1_2", ""},
                          sample{"[::1]:5000/app", "[::1]:5000", "app", "", ""},
                          sample{"Registry.Example.com/a__b/c-d--e.f:1", "Registry.Example.com", "a__b/c-d--e.f", "1", ""},
                          sample{"app@sha256:" + hex, "docker.io", "library/app", "", "sha256:" + hex},
                          sample{"quay.io/app:1@sha256:" + hex, "quay.io", "app", "1", "sha256:" + hex}}) {
    const auto read = core::parse_reference(one.text);
    ASSERT_TRUE(read.has_value()) << one.text << ": " << read.error().message;
    EXPECT_EQ(read->domain, one.domain) << one.text;
    EXPECT_EQ(read->path, one.path) << one.text;
    EXPECT_EQ(read->tag, one.tag) << one.text;
    EXPECT_EQ(read->digest, one.digest) << one.text;
  }
}

TEST(reference, says_what_is_wrong) {
  struct sample {
    std::string text, why;
  };
  for (const auto& [text, why] :
       {sample{"", "empty"}, sample{hex, "ID"}, sample{"sha256:" + hex, "repository"}, sample{"App", "lower case"},
        sample{"team/App:1", "lower case"}, sample{"app:", "tag"}, sample{"app:.1", "tag"},
        sample{"app:" + std::string(129, 'x'), "tag"}, sample{"app@sha256:12", "digest"}, sample{"app@", "digest"},
        sample{"app@md5:" + hex, "digest"}, sample{"a//b", "a-z"}, sample{"-app", "a-z"}, sample{"app_", "a-z"},
        sample{"a___b", "a-z"}, sample{"a..b", "a-z"}, sample{"-x.example/app", "host"}, sample{"x.example:p/app", "host"},
        sample{"a b", "a-z"}, sample{"https://quay.io/app", "host"}, sample{std::string(256, 'a'), "255"}}) {
    const auto read = core::parse_reference(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, core::failure_code::invalid);
    EXPECT_THAT(read.error().message, testing::HasSubstr(why)) << text;
  }
}

TEST(reference, asks_for_a_digest_before_a_tag_and_never_for_all_tags) {
  EXPECT_EQ(core::parse_reference("app")->version(), "latest");
  EXPECT_EQ(core::parse_reference("app:1")->version(), "1");
  EXPECT_EQ(core::parse_reference("app:1@sha256:" + hex)->version(), "sha256:" + hex);
}

TEST(reference, is_shown_as_people_write_it) {
  for (const auto* text : {"alpine", "alpine:3.19", "team/app", "quay.io/app:1", "localhost:5000/app"}) {
    EXPECT_EQ(core::parse_reference(text)->familiar(), text);
  }
  EXPECT_EQ(core::parse_reference("docker.io/library/alpine:1")->familiar(), "alpine:1");
  EXPECT_EQ(core::parse_reference("app:1@sha256:" + hex)->familiar(), "app:1@sha256:" + hex);
  EXPECT_EQ(core::parse_reference("alpine")->repository(), "docker.io/library/alpine");
}

}  // namespace
}  // namespace docksweep::tests
