// The documents that programs read.
#include "report/json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/image_holders.hpp"
#include "report/sample_node.hpp"

namespace docksweep::report {
namespace {

namespace json = boost::json;
using testing::sample_id;

template <typename Write>
json::value written(Write write) {
  std::string text;
  write([&](std::string_view piece) { text += piece; });
  return json::parse(text);  // throws when it is not JSON
}

json::value images_of(const core::view& view) {
  return written([&](const json_sink& out) { write_images(out, view, everything(view.what().images.size())); });
}

TEST(json_images, say_everything_about_an_image) {
  const auto images = images_of(*testing::sample_view());
  EXPECT_EQ(images.at(0), json::parse(R"({
    "id": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "tags": ["shop/app:1.0"], "digests": [],
    "state": "in_use", "size_bytes": 1200, "freed": {"at_least": 200, "at_most": 200},
    "created_at": "2026-11-20T12:00:00Z", "platform": "linux/amd64", "parent_id": null,
    "labels": {"maintainer": "Zoë \"Z\""},
    "containers": [{"id": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "name": "web", "state": "exited"}]})"));
}

TEST(json_images, null_is_what_is_not_known) {
  const auto images = images_of(*testing::sample_view(true));
  EXPECT_EQ(images.at(3).at("platform"), nullptr);
  EXPECT_EQ(images.at(3).at("created_at"), nullptr);
  EXPECT_EQ(images.at(3).at("freed").at("at_most"), 70);
  EXPECT_EQ(images.at(3).at("containers"), json::array());
  auto inventory = testing::sample_inventory();
  inventory.images[2].size.reset();
  EXPECT_EQ(images_of(core::view(inventory)).at(2).at("size_bytes"), nullptr);
}

TEST(json_images, come_in_the_order_asked_for) {
  const auto view = testing::sample_view();
  const std::vector<std::uint32_t> which{2, 0};
  const auto images = written([&](const json_sink& out) { write_images(out, *view, which); });
  ASSERT_EQ(images.as_array().size(), 2u);
  EXPECT_EQ(images.at(0).at("id").as_string(), sample_id('d'));
  EXPECT_EQ(images.at(1).at("id").as_string(), sample_id('a'));
  EXPECT_EQ(written([&](const json_sink& out) { write_images(out, *view, {}); }), json::array());
}

TEST(json_containers, say_everything_about_a_container) {
  const auto view = testing::sample_view();
  const auto containers = written([&](const json_sink& out) { write_containers(out, *view, everything(1)); });
  EXPECT_EQ(containers, json::parse(R"([{
    "id": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "names": ["web"], "state": "exited",
    "status": "Exited (0) 2 hours ago", "image": "shop/app:1.0",
    "image_id": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "created_at": "2026-11-20T12:00:00Z", "writable_bytes": 40, "volumes": ["data"], "image_mounts": [],
    "labels": {"role": "web"}}])"));
}

TEST(json_disk, says_what_uses_the_disk) {
  const auto state = testing::sample_state();
  const auto disk = written([&](const json_sink& out) { write_disk(out, *state.view, state.file_systems, ""); });
  EXPECT_EQ(disk, json::parse(R"({
    "made_at": "2026-11-23T11:57:00Z", "exact": true,
    "images": {"count": 3, "layers": {"at_least": 6500, "at_most": 6500}, "reclaimable": {"at_least": 5300, "at_most": 5300},
               "dangling_reclaimable": {"at_least": 5000, "at_most": 5000}, "engine_bytes": 6500},
    "containers": {"count": 1, "bytes": 40},
    "volumes": {"count": 2, "bytes": 900, "items": [
      {"name": "data", "driver": "local", "anonymous": false, "size_bytes": 900, "references": 1, "created_at": null, "labels": {"keep": "yes"}},
      {"name": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "driver": "local", "anonymous": true,
       "size_bytes": null, "references": 0, "created_at": null, "labels": {}}]},
    "build_cache": {"bytes": 600, "shared_bytes": 0, "reclaimable_bytes": 600},
    "file_systems": [
      {"path": "/var/lib/docker", "size_bytes": 20000, "used_bytes": 10000, "avail_bytes": 9000, "files": 500, "files_free": 400, "unaccounted_bytes": 1960},
      {"path": "/", "size_bytes": 20000, "used_bytes": 10000, "avail_bytes": 9000, "files": 500, "files_free": 400, "unaccounted_bytes": 1960},
      {"path": "/boot", "size_bytes": 300, "used_bytes": 50, "avail_bytes": 200, "files": null, "files_free": null, "unaccounted_bytes": null}]})"))
      << json::serialize(disk);
}

TEST(json_disk, is_null_where_no_disk_usage_came_yet) {
  auto inventory = testing::sample_inventory();
  inventory.disk.reset();
  const auto disk = written([&](const json_sink& out) { write_disk(out, core::view(inventory), {}, ""); });
  EXPECT_EQ(disk.at("made_at"), nullptr);
  EXPECT_EQ(disk.at("volumes"), nullptr);
  EXPECT_EQ(disk.at("build_cache"), nullptr);
  EXPECT_EQ(disk.at("containers").at("bytes"), nullptr);
  EXPECT_EQ(disk.at("images").at("engine_bytes"), nullptr);
  EXPECT_EQ(disk.at("images").at("layers").at("at_most"), 6500);
}

TEST(json_inventory, holds_the_same_parts_as_the_single_documents) {
  const auto state = testing::sample_state();
  const auto all = written([&](const json_sink& out) { write_inventory(out, *state.view, state.file_systems, ""); });
  EXPECT_EQ(all.at("complete_at"), "2026-11-23T11:59:55Z");
  EXPECT_EQ(all.at("unreadable"), 0);
  EXPECT_EQ(all.at("engine").at("image_store"), "graphdriver");
  EXPECT_EQ(all.at("engine").at("api_version"), "1.41");
  EXPECT_EQ(all.at("images_by_state"), json::parse(R"({"in_use":1,"unused":1,"dangling":1,"intermediate":0})"));
  EXPECT_EQ(all.at("containers_by_state").at("exited"), 1);
  EXPECT_EQ(all.at("images"), images_of(*state.view));
  EXPECT_EQ(all.at("containers").as_array().size(), 1u);
  EXPECT_EQ(all.at("disk").at("file_systems").as_array().size(), 3u);
}

TEST(json_inventory, comes_in_small_pieces) {
  const auto view = testing::big_view(500);
  std::size_t largest = 0, total = 0;
  write_inventory(
      [&](std::string_view piece) {
        largest = std::max(largest, piece.size());
        total += piece.size();
      },
      *view, {}, "");
  EXPECT_LE(largest, 4096u);
  EXPECT_GT(total, 100'000u);
}

TEST(image_holders, follow_ids_names_and_mounts) {
  std::vector<core::container> containers(4);
  containers[0].image_id = sample_id('a');
  containers[0].image_name = "shop/app:1.0";
  containers[1].image_name = "alpine";                   // an engine that gives no ImageID
  containers[2].image_id = sample_id('b');
  containers[2].state = core::container_state::exited;
  containers[2].image_mounts = {"localhost:5000/data"};  // no tag: latest; the port is none
  containers[3].image_id = sample_id('a');
  containers[3].image_mounts = {sample_id('a')};
  const image_holders holders(containers);
  using list = std::vector<std::uint32_t>;
  EXPECT_EQ(holders.of({.id = sample_id('a')}), (list{0, 3}));
  EXPECT_EQ(holders.of({.id = sample_id('x'), .tags = {"shop/app:1.0"}}), list{});  // the tag has moved; the ID counts
  EXPECT_EQ(holders.of({.id = sample_id('x'), .tags = {"alpine:latest"}}), list{1});
  EXPECT_EQ(holders.of({.id = sample_id('x'), .tags = {"alpine:3.19"}}), list{});
  EXPECT_EQ(holders.of({.id = sample_id('x'), .tags = {"localhost:5000/data:latest"}}), list{2});
}

}  // namespace
}  // namespace docksweep::report
