// What would be done to bring images back, and which removal a person means.
#include "core/restoration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docksweep::tests {
namespace {

using core::removal_outcome;
using core::removal_record;
using kind = core::restoration::source::kind;
using source = core::restoration::source;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

removal_record removed(std::string id, std::vector<std::string> tags, std::vector<std::string> digests) {
  removal_record record;
  record.object_id = std::move(id);
  record.references = std::move(tags);
  record.digests = std::move(digests);
  record.origin = core::image_origin::pulled;
  record.outcome = removal_outcome::removed;
  return record;
}

core::image there(std::string id, std::vector<std::string> tags) {
  core::image one;
  one.id = std::move(id);
  one.tags = std::move(tags);
  return one;
}

std::vector<core::restoration> plan(std::vector<removal_record> removals, std::vector<core::image> images = {},
                                    core::image_store store = core::image_store::graphdriver) {
  return plan_restoration(removals, images, store);
}

TEST(restoration, pulls_by_digest_and_gives_every_tag_back) {
  const auto made = plan({removed("sha256:1", {"app:1", "app:2"}, {"z.example/app@sha256:d", "app@sha256:d"})});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_FALSE(made[0].present);
  EXPECT_THAT(made[0].sources, ElementsAre(source{kind::registry, "docker.io/library/app@sha256:d"},
                                           source{kind::registry, "z.example/app@sha256:d"}))
      << "the repository of its tags first";
  const auto other = plan({removed("sha256:1", {"app:1", "z.example/app:1"}, {"app@sha256:1"})}, {},
                          core::image_store::containerd);
  EXPECT_THAT(other[0].sources, ElementsAre(source{kind::registry, "z.example/app@sha256:1"},
                                            source{kind::registry, "docker.io/library/app@sha256:1"}))
      << "that store lists one of them";
  EXPECT_THAT(made[0].names, ElementsAre("app:1", "app:2"));
}

TEST(restoration, an_archive_comes_first) {
  auto one = removed("sha256:1", {"app:1"}, {"app@sha256:d"});
  one.archive = "/backup/1.tar.zst";
  EXPECT_THAT(plan({one})[0].sources, ElementsAre(source{kind::archive, "/backup/1.tar.zst"},
                                                  source{kind::registry, "docker.io/library/app@sha256:d"}));
  one.digests.clear();
  const auto made = plan({one});
  EXPECT_THAT(made[0].sources, ElementsAre(source{kind::archive, "/backup/1.tar.zst"}));
  EXPECT_EQ(made[0].why_not, "");
}

TEST(restoration, leaves_tags_that_another_image_has_by_now) {
  const auto made = plan({removed("sha256:1", {"docker.io/library/app:1", "app:2"}, {"app@sha256:d"})},
                         {there("sha256:2", {"app:1"})});
  EXPECT_THAT(made[0].names, ElementsAre("app:2"));
  EXPECT_THAT(made[0].taken, ElementsAre(Pair("docker.io/library/app:1", "sha256:2")));
}

TEST(restoration, what_is_there_needs_its_tags_only) {
  const auto made = plan({removed("sha256:1", {"app:1", "app:2"}, {})}, {there("sha256:1", {"app:1"})});
  EXPECT_TRUE(made[0].present);
  EXPECT_THAT(made[0].sources, IsEmpty());
  EXPECT_THAT(made[0].names, ElementsAre("app:2"));
  EXPECT_EQ(made[0].why_not, "");
}

TEST(restoration, says_why_it_cannot) {
  auto container = removed("c1", {"job"}, {});
  container.kind = core::target_kind::container;
  const auto made = plan({removed("sha256:1", {"built:1"}, {}), container});
  EXPECT_THAT(made[0].why_not, HasSubstr("built or loaded here"));
  EXPECT_THAT(made[1].why_not, HasSubstr("only images"));
  auto local = removed("sha256:1", {"a:1"}, {"a@sha256:d"});
  local.origin = core::image_origin::built;
  EXPECT_THAT(plan({local}, {}, core::image_store::containerd)[0].why_not, HasSubstr("built here"));
  local.origin = core::image_origin::unknown;
  EXPECT_FALSE(plan({local}, {}, core::image_store::containerd)[0].sources.empty()) << "in doubt it is tried";
}

TEST(restoration, leaves_out_what_did_not_go) {
  std::vector<removal_record> all;
  for (const auto outcome : {removal_outcome::kept, removal_outcome::refused, removal_outcome::skipped,
                             removal_outcome::failed, removal_outcome::planned, removal_outcome::attempted}) {
    all.push_back(removed("sha256:1", {"app:1"}, {"app@sha256:d"}));
    all.back().outcome = outcome;
  }
  EXPECT_THAT(plan(all), IsEmpty());
}

TEST(restoration, of_several_removals_of_an_image_the_first_in_the_list_counts) {
  const auto made = plan({removed("sha256:1", {"new:1"}, {"app@sha256:d"}), removed("sha256:1", {"old:1"}, {"app@sha256:d"})});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_THAT(made[0].names, ElementsAre("new:1"));
}

TEST(restoration, finds_the_removal_that_is_meant) {
  const std::string hex = "3f57d9401f8d42f986df300f0c69192fc41da28ccc8d797829467780db3dd741";
  const std::vector<removal_record> all{
      removed("sha256:aaaa1111", {"app:latest"}, {"app@sha256:" + hex}),
      removed("sha256:bbbb2222", {"quay.io/team/app:1"}, {}),
      removed("sha256:cccc3333", {"app:latest"}, {}),
  };
  struct sample {
    std::string asked;
    int found;  // -1: none
  };
  for (const auto& [asked, found] :
       {sample{"app", 0}, sample{"app:latest", 0}, sample{"docker.io/library/app", 0}, sample{"sha256:" + hex, 0},
        sample{hex, 0}, sample{"app@sha256:" + hex, 0}, sample{"aaaa", 0}, sample{"sha256:cccc", 2},
        sample{"quay.io/team/app:1", 1}, sample{"quay.io/team/app", -1}, sample{"app:2", -1}, sample{"aaa", -1}}) {
    const auto* one = core::find_removal(all, asked);
    EXPECT_EQ(one, found < 0 ? nullptr : &all[static_cast<std::size_t>(found)]) << asked;
  }
}

}  // namespace
}  // namespace docksweep::tests
