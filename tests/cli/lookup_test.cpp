// From what a person types to what is meant.
#include "cli/lookup.hpp"

#include <gtest/gtest.h>

namespace docksweep::cli {
namespace {

core::view node() {
  core::inventory what;
  const auto image = [&what](std::string id, std::vector<std::string> tags, std::vector<std::string> digests = {}) {
    what.images.push_back({.id = "sha256:" + id, .tags = std::move(tags), .digests = std::move(digests)});
    what.details.emplace_back();
  };
  image("abc0" + std::string(60, '0'), {"alpine:3.19", "registry.example.com:5000/alpine:latest"});
  image("abc1" + std::string(60, '0'), {"abc:latest"}, {"team/tool@sha256:" + std::string(64, '7')});
  image("def0" + std::string(60, '0'), {});
  what.containers.push_back({.id = "abc9" + std::string(60, '0'), .names = {"web", "alias"}});
  what.containers.push_back({.id = "abc8" + std::string(60, '0'), .names = {"web-2"}});
  return core::view(std::move(what));
}

std::string image_meant(std::string_view name) {
  const auto view = node();
  const auto found = find_image(view, name);
  if (!found) return found.error().code == core::failure_code::conflict ? "several" : "none";
  return view.what().images[found->index].id.substr(7, 4) + (found->tag.empty() ? "" : " " + found->tag);
}

std::string container_meant(std::string_view name) {
  const auto view = node();
  const auto found = find_container(view, name);
  if (!found) return found.error().code == core::failure_code::conflict ? "several" : "none";
  return view.what().containers[*found].id.substr(0, 4);
}

TEST(lookup, finds_an_image_by_any_spelling_of_its_name) {
  EXPECT_EQ(image_meant("alpine:3.19"), "abc0 alpine:3.19");
  EXPECT_EQ(image_meant("docker.io/library/alpine:3.19"), "abc0 alpine:3.19");
  EXPECT_EQ(image_meant("registry.example.com:5000/alpine"), "abc0 registry.example.com:5000/alpine:latest");
  EXPECT_EQ(image_meant("team/tool@sha256:" + std::string(64, '7')), "abc1");
  EXPECT_EQ(image_meant("alpine"), "none");  // it has no tag latest
}

TEST(lookup, finds_an_image_by_its_id_or_the_start_of_it) {
  EXPECT_EQ(image_meant("sha256:def0" + std::string(60, '0')), "def0");
  EXPECT_EQ(image_meant("de"), "def0");
  EXPECT_EQ(image_meant("abc1"), "abc1");
  EXPECT_EQ(image_meant("abc"), "abc1 abc:latest");  // a name comes before the start of an ID
  EXPECT_EQ(image_meant("ab"), "several");
  EXPECT_EQ(image_meant("d"), "none");  // too little to mean anything
  EXPECT_EQ(image_meant("DEF0"), "none");
  EXPECT_EQ(image_meant(""), "none");
}

TEST(lookup, names_what_an_ambiguous_start_may_mean) {
  const auto found = find_image(node(), "ab");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message,
            "'ab' is the start of 2 images: abc000000000 (alpine:3.19), abc100000000 (abc:latest)");
}

TEST(lookup, finds_a_container_by_name_and_id) {
  EXPECT_EQ(container_meant("web"), "abc9");
  EXPECT_EQ(container_meant("alias"), "abc9");
  EXPECT_EQ(container_meant("abc8"), "abc8");
  EXPECT_EQ(container_meant("abc"), "several");
  EXPECT_EQ(container_meant("we"), "none");
  EXPECT_EQ(container_meant("sha256:abc8"), "none");  // that is an image's
}

}  // namespace
}  // namespace docksweep::cli
