// /system/df in the shapes of all API versions.
#include <gmock/gmock.h>

#include "engine/decode/disk_usage.hpp"
#include "support/fixture.hpp"

namespace docksweep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const core::instant now(std::chrono::seconds(1));

core::disk_usage read(const std::string& text) {
  auto usage = engine::decode_disk_usage(text, now);
  if (!usage) throw std::runtime_error(usage.error().message);
  return std::move(*usage);
}

TEST(decode_disk_usage, the_specifications_own_example) {
  for (const std::string folder : {"api-1.44", "api-1.47"}) {
    const auto usage = read(test::fixture(folder + "/df.json"));
    EXPECT_EQ(usage.images_bytes, 1092588);
    EXPECT_EQ(usage.containers_bytes, 0);  // SizeRw is left out where it is 0
    EXPECT_EQ(usage.volumes_bytes, 10920104);
    EXPECT_EQ(usage.volumes.at(0).references, 2);
    EXPECT_EQ(usage.build_cache_bytes, 51);
    EXPECT_EQ(usage.build_cache_shared_bytes, 51);
    EXPECT_EQ(usage.build_cache_reclaimable_bytes, 51);
  }
}

TEST(decode_disk_usage, api_1_52_leaves_zeros_and_empty_lists_out) {
  const auto usage = read(test::fixture("api-1.52/df-verbose.json"));
  EXPECT_EQ(usage.made_at, now);
  EXPECT_EQ(usage.images_bytes, 98765432);
  EXPECT_EQ(usage.containers_bytes, 0);
  EXPECT_THAT(usage.container_writable_bytes, IsEmpty());
  EXPECT_EQ(usage.volumes_bytes, 10920104);
  ASSERT_EQ(usage.volumes.size(), 2u);
  EXPECT_EQ(usage.volumes[0].driver, "custom");
  EXPECT_EQ(usage.volumes[0].created, core::instant(std::chrono::seconds(1465331471)));
  EXPECT_EQ(usage.volumes[1].size, std::nullopt);
  EXPECT_EQ(usage.volumes[1].references, std::nullopt);
  EXPECT_EQ(usage.build_cache_bytes, 1051);
  EXPECT_EQ(usage.build_cache_shared_bytes, 51);
  EXPECT_EQ(usage.build_cache_reclaimable_bytes, 51);
}

TEST(decode_disk_usage, both_generations_of_keys_count_once) {
  const std::string items = R"([{"Id":"c1","SizeRw":5,"SizeRootFs":9}])";
  const std::string volumes = R"([{"Name":"v","UsageData":{"Size":7,"RefCount":0}}])";
  const std::string cache = R"([{"Size":3,"Shared":true}])";
  const auto usage =
      read(R"({"LayersSize":11,"Images":[],"Containers":)" + items + R"(,"Volumes":)" + volumes + R"(,"BuildCache":)" +
           cache + R"(,"ImageUsage":{"TotalSize":11},"ContainerUsage":{"TotalSize":5,"Items":)" + items +
           R"(},"VolumeUsage":{"Items":)" + volumes + R"(},"BuildCacheUsage":{"TotalSize":3,"Items":)" + cache + "}}");
  EXPECT_EQ(usage.images_bytes, 11);
  EXPECT_EQ(usage.containers_bytes, 5);
  EXPECT_THAT(usage.container_writable_bytes, ElementsAre(Pair("c1", 5)));
  EXPECT_EQ(usage.volumes_bytes, 7);
  EXPECT_EQ(usage.volumes.size(), 1u);
  EXPECT_EQ(usage.build_cache_bytes, 3);
  EXPECT_EQ(usage.build_cache_shared_bytes, 3);
}

TEST(decode_disk_usage, the_new_keys_without_items_give_their_totals) {
  const auto usage =
      read(R"({"ImageUsage":{"TotalSize":1},"ContainerUsage":{"TotalSize":2},"VolumeUsage":{"TotalSize":3},)"
           R"("BuildCacheUsage":{"TotalSize":4}})");
  EXPECT_EQ(usage.images_bytes, 1);
  EXPECT_EQ(usage.containers_bytes, 2);
  EXPECT_EQ(usage.volumes_bytes, 3);
  EXPECT_EQ(usage.build_cache_bytes, 4);
}

TEST(decode_disk_usage, nothing_said_is_not_zero) {
  const auto usage = read("{}");
  EXPECT_EQ(usage.images_bytes, std::nullopt);
  EXPECT_EQ(usage.containers_bytes, std::nullopt);
  EXPECT_EQ(usage.volumes_bytes, std::nullopt);
  EXPECT_EQ(usage.build_cache_bytes, std::nullopt);
  const auto nil_lists = read(R"({"LayersSize":0,"Images":null,"Containers":null,"Volumes":null,"BuildCache":null})");
  EXPECT_EQ(nil_lists.images_bytes, 0);
  EXPECT_EQ(nil_lists.containers_bytes, 0);
  EXPECT_EQ(nil_lists.volumes_bytes, 0);
  EXPECT_EQ(nil_lists.build_cache_bytes, 0);
}

TEST(decode_disk_usage, podman_4_says_zero_for_images_that_are_there) {
  EXPECT_EQ(read(R"({"LayersSize":0,"Images":[{"Size":5}]})").images_bytes, std::nullopt);
  EXPECT_EQ(read(R"({"LayersSize":0,"Images":[{"Size":0}]})").images_bytes, 0);
  EXPECT_EQ(read(R"({"LayersSize":-1,"Images":[]})").images_bytes, std::nullopt);
}

TEST(decode_disk_usage, anonymous_volumes_by_label_or_name) {
  const auto usage = read(R"({"Volumes":[{"Name":")" + std::string(64, 'f') +
                          R"("},{"Name":"x","Labels":{"com.docker.volume.anonymous":""}},)"
                          R"({"Name":"named","Labels":null,"UsageData":null},{}]})");
  ASSERT_EQ(usage.volumes.size(), 3u);
  EXPECT_TRUE(usage.volumes[0].anonymous);
  EXPECT_TRUE(usage.volumes[1].anonymous);
  EXPECT_FALSE(usage.volumes[2].anonymous);
  EXPECT_EQ(usage.volumes[2].size, std::nullopt);
  EXPECT_EQ(usage.volumes[2].references, std::nullopt);
}

TEST(decode_disk_usage, what_is_no_object_is_a_failure) {
  for (const std::string text : {"", "[]", "null", "{", R"({"Images":[)", "x"}) {
    const auto usage = engine::decode_disk_usage(text, now);
    ASSERT_FALSE(usage) << text;
    EXPECT_EQ(usage.error().code, core::failure_code::malformed);
  }
}

}  // namespace
}  // namespace docksweep
