// Every decoder against what real engines answered: one row for each engine and image store. The figures in the rows
// were counted from the same files by other means (jq, and by eye).
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/decode/containers.hpp"
#include "engine/decode/disk_usage.hpp"
#include "engine/decode/events.hpp"
#include "engine/decode/identity.hpp"
#include "engine/decode/images.hpp"
#include "support/fixture.hpp"

namespace docksweep {
namespace {

using test::fixture;
using enum core::image_store;

struct recorded {
  std::string folder;
  // version and info
  std::string version, api, driver;
  core::image_store store;
  // images
  std::size_t images, tags, digests, parents, labels, without_name;
  core::byte_count size_sum;
  // containers
  std::size_t containers, created, container_labels, container_volumes;
  core::byte_count writable_sum;
  // df
  std::optional<core::byte_count> images_bytes;
  std::size_t volumes, anonymous_volumes;
  // events, one of each kind
  std::size_t events, image_events, container_events;
};

void PrintTo(const recorded& row, std::ostream* out) {
  *out << row.folder;
}

const recorded rows[] = {
    {"docker-20.10",
     "20.10.24+dfsg1",
     "1.41",
     "overlay2",
     graphdriver,
     8,
     7,
     1,
     5,
     7,
     2,
     35860626,
     5,
     3,
     4,
     1,
     0,
     6106777,
     2,
     1,
     18,
     7,
     7},
    {"docker-26", "26.1.5+dfsg1", "1.45", "overlay2", graphdriver, 8, 7, 1, 5, 7, 2, 35860626, 5, 3, 4, 1,
     0,           6106777,        2,      1,          18,          7, 7},
    {"docker-26-containerd",
     "26.1.5+dfsg1",
     "1.45",
     "overlayfs",
     containerd,
     8,
     7,
     6,
     5,
     7,
     2,
     55534805,
     5,
     3,
     4,
     1,
     20480,
     6356992,
     2,
     1,
     18,
     7,
     7},
    {"docker-28", "28.5.2+dfsg4", "1.51", "overlay2", graphdriver, 8, 7, 1, 5, 7, 2, 35860626, 5, 3, 4, 1,
     0,           6106777,        2,      1,          19,          8, 7},
    {"docker-29-containerd",
     "29.7.2-local",
     "1.55",
     "overlayfs",
     containerd,
     8,
     7,
     6,
     5,
     7,
     2,
     55804312,
     5,
     3,
     4,
     1,
     20480,
     9644089,
     2,
     1,
     19,
     8,
     7},
    {"podman-4.3", "4.3.1", "1.41", "overlay", graphdriver, 2, 4, 4, 0, 1, 0, 6095614, 1, 1, 1, 0, 0,
     std::nullopt, 1,       0,      10,        7,           2},
    {"podman-5.8", "5.8.6", "1.44", "overlay", graphdriver, 3, 4, 4, 1, 3, 1, 12057653, 4, 3, 3, 1,
     10808,        6097973, 2,      1,         15,          7, 7},
};

class decode_recorded : public testing::TestWithParam<recorded> {
 protected:
  std::string file(const std::string& name) const { return fixture(GetParam().folder + "/" + name); }
};

template <typename Items, typename Count>
std::size_t sum(const Items& items, Count count) {
  return std::accumulate(items.begin(), items.end(), std::size_t{0},
                         [&](std::size_t so_far, const auto& item) { return so_far + count(item); });
}

TEST_P(decode_recorded, version_and_info) {
  const auto version = engine::decode_version(file("version.json"));
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(version->version, GetParam().version);
  EXPECT_EQ(version->api_version, GetParam().api);
  EXPECT_FALSE(version->min_api_version.empty());
  const auto info = engine::decode_info(file("info.json"));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->storage_driver, GetParam().driver);
  EXPECT_EQ(info->store, GetParam().store);
  EXPECT_EQ(info->root_dir, "/var/lib/engine/data");
  EXPECT_EQ(info->host_name, "node1");
  EXPECT_FALSE(info->id.empty());
}

TEST_P(decode_recorded, images) {
  const auto listing = engine::decode_images(file("images.json"));
  ASSERT_TRUE(listing) << listing.error().message;
  const auto& row = GetParam();
  const auto& images = listing->items;
  EXPECT_EQ(listing->unreadable, 0);
  EXPECT_EQ(images.size(), row.images);
  EXPECT_EQ(sum(images, [](const auto& each) { return each.tags.size(); }), row.tags);
  EXPECT_EQ(sum(images, [](const auto& each) { return each.digests.size(); }), row.digests);
  EXPECT_EQ(sum(images, [](const auto& each) { return each.parent_id.empty() ? 0 : 1; }), row.parents);
  EXPECT_EQ(sum(images, [](const auto& each) { return each.labels.size(); }), row.labels);
  EXPECT_EQ(sum(images, [](const auto& each) { return each.tags.empty() && each.digests.empty(); }), row.without_name);
  EXPECT_EQ(sum(images, [](const auto& each) { return static_cast<std::size_t>(each.size.value()); }),
            static_cast<std::size_t>(row.size_sum));
  for (const auto& image : images) {
    EXPECT_EQ(image.id.size(), 71u) << image.id;
    EXPECT_TRUE(image.parent_id.empty() || image.parent_id.size() == 71u) << image.parent_id;
    EXPECT_TRUE(image.created) << image.id;
    for (const auto& tag : image.tags) EXPECT_EQ(tag.find('@'), std::string::npos) << tag;
    for (const auto& digest : image.digests) EXPECT_NE(digest.find("@sha256:"), std::string::npos) << digest;
  }
}

TEST_P(decode_recorded, image_of_three_tags) {
  const auto listing = engine::decode_images(file("images.json"));
  ASSERT_TRUE(listing);
  const auto loaded = std::find_if(listing->items.begin(), listing->items.end(),
                                   [](const core::image& image) { return image.tags.size() == 3; });
  ASSERT_NE(loaded, listing->items.end());
  auto tags = loaded->tags;
  std::sort(tags.begin(), tags.end());
  const std::string host = GetParam().folder.starts_with("podman") ? "localhost/" : "";
  EXPECT_EQ(tags, (std::vector<std::string>{host + "load/c:1", host + "other/c:2", host + "third:3"}));
  EXPECT_EQ(loaded->labels, (core::label_list{{"k", "3"}}));
  EXPECT_EQ(loaded->created, core::instant(std::chrono::seconds(1617235200)));
  // What inspect says of it agrees with the listing, but for the size on the containerd store.
  const auto inspected = engine::decode_image_inspect(file("inspect-loaded.json"));
  ASSERT_TRUE(inspected) << inspected.error().message;
  auto expected = *loaded;
  expected.shared_size.reset();
  if (GetParam().store == containerd) expected.size = inspected->image.size;
  EXPECT_EQ(inspected->image.id, expected.id);
  EXPECT_EQ(inspected->image.created, expected.created);
  EXPECT_EQ(inspected->image.labels, expected.labels);
  EXPECT_EQ(inspected->image.size, expected.size);
  EXPECT_EQ(inspected->details.id, expected.id);
  EXPECT_EQ(inspected->details.platform, "linux/amd64");
  EXPECT_EQ(inspected->details.diff_ids.size(), 2u);
  const auto history = engine::decode_image_history(file("history-loaded.json"));
  ASSERT_TRUE(history) << history.error().message;
  EXPECT_TRUE(history->any);
  EXPECT_EQ(history->sizes.size(), 2u);
}

TEST_P(decode_recorded, containers) {
  const auto& row = GetParam();
  const auto sized = engine::decode_containers(file("containers-sized.json"));
  ASSERT_TRUE(sized) << sized.error().message;
  const auto& containers = sized->items;
  EXPECT_EQ(sized->unreadable, 0);
  EXPECT_EQ(containers.size(), row.containers);
  EXPECT_EQ(sum(containers, [](const auto& each) { return each.state == core::container_state::created; }),
            row.created);
  EXPECT_EQ(sum(containers, [](const auto& each) { return each.labels.size(); }), row.container_labels);
  EXPECT_EQ(sum(containers, [](const auto& each) { return each.volumes.size(); }), row.container_volumes);
  EXPECT_EQ(sum(containers, [](const auto& each) { return static_cast<std::size_t>(each.writable_bytes.value()); }),
            static_cast<std::size_t>(row.writable_sum));
  for (const auto& container : containers) {
    EXPECT_EQ(container.id.size(), 64u);
    EXPECT_EQ(container.image_id.size(), 71u) << container.image_id;
    ASSERT_EQ(container.names.size(), 1u);
    EXPECT_NE(container.names.front().front(), '/');
    EXPECT_TRUE(container.created);
    EXPECT_TRUE(container.image_mounts.empty());
  }
  // Without size=1 nothing is known of sizes, and all else is the same.
  const auto plain = engine::decode_containers(file("containers.json"));
  ASSERT_TRUE(plain);
  ASSERT_EQ(plain->items.size(), row.containers);
  for (const auto& container : plain->items) EXPECT_FALSE(container.writable_bytes);
}

TEST_P(decode_recorded, disk_usage) {
  const auto& row = GetParam();
  const core::instant now(std::chrono::seconds(5));
  std::vector<std::string> files{"df.json"};
  if (row.folder == "docker-29-containerd") files.push_back("df-verbose.json");
  for (const auto& name : files) {
    const auto usage = engine::decode_disk_usage(file(name), now);
    ASSERT_TRUE(usage) << usage.error().message;
    EXPECT_EQ(usage->made_at, now);
    EXPECT_EQ(usage->images_bytes, row.images_bytes);
    EXPECT_EQ(usage->containers_bytes, row.writable_sum);
    EXPECT_EQ(usage->container_writable_bytes.size(), row.containers);
    EXPECT_EQ(usage->volumes.size(), row.volumes);
    EXPECT_EQ(sum(usage->volumes, [](const auto& each) { return each.anonymous; }), row.anonymous_volumes);
    EXPECT_EQ(usage->volumes_bytes, 0);
    EXPECT_EQ(usage->build_cache_bytes, 0);
    for (const auto& volume : usage->volumes) {
      EXPECT_EQ(volume.size, 0);
      EXPECT_EQ(volume.references, volume.anonymous ? 1 : 0) << volume.name;
    }
  }
}

TEST_P(decode_recorded, events) {
  std::vector<core::engine_event> events;
  engine::event_decoder decoder([&](const core::engine_event& event) { events.push_back(event); });
  decoder.feed(file("events.ndjson"));
  const auto& row = GetParam();
  EXPECT_EQ(decoder.skipped(), 0u);
  EXPECT_EQ(events.size(), row.events);
  const auto of_kind = [&](core::event_kind kind) {
    return sum(events, [&](const auto& each) { return each.kind == kind; });
  };
  EXPECT_EQ(of_kind(core::event_kind::image), row.image_events);
  EXPECT_EQ(of_kind(core::event_kind::container), row.container_events);
  for (const auto& event : events) {
    EXPECT_FALSE(event.action.empty());
    EXPECT_GT(event.time, core::instant(std::chrono::seconds(1795453800))) << event.action;
    if (event.kind == core::event_kind::container) {
      EXPECT_EQ(event.id.size(), 64u);
      EXPECT_FALSE(event.image.empty());
      EXPECT_NE(event.action, "remove");
    }
    if (event.kind == core::event_kind::image && (event.action == "tag" || event.action == "delete")) {
      EXPECT_TRUE(event.id.starts_with("sha256:")) << event.id;
    }
    if (event.action == "commit") {
      EXPECT_TRUE(event.image_id.starts_with("sha256:")) << row.folder;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(engines, decode_recorded, testing::ValuesIn(rows), [](const auto& row) {
  auto name = row.param.folder;
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

}  // namespace
}  // namespace docksweep
