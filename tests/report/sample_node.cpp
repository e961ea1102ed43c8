#include "report/sample_node.hpp"

#include <fmt/format.h>

#include <chrono>

namespace docksweep::report::testing {
namespace {

std::shared_ptr<const core::image_details> details(std::string id, std::vector<std::string> diffs,
                                                   std::vector<core::byte_count> sizes) {
  auto out = std::make_shared<core::image_details>();
  out->id = std::move(id);
  out->chain_ids = core::chain_ids(diffs);
  out->diff_ids = std::move(diffs);
  out->history_sizes = std::move(sizes);
  out->has_history = true;
  out->platform = "linux/amd64";
  return out;
}

void add_image(core::inventory& to, core::image image, std::vector<std::string> diffs,
               std::vector<core::byte_count> sizes) {
  if (!diffs.empty()) {
    to.details.push_back(details(image.id, std::move(diffs), std::move(sizes)));
  } else {
    to.details.push_back(nullptr);
  }
  to.images.push_back(std::move(image));
}

}  // namespace

core::instant sample_now() {
  using namespace std::chrono;
  return sys_days(2026y / November / 23) + 12h + 250ms;
}

std::string sample_id(char digit) { return "sha256:" + std::string(64, digit); }

core::disk_usage sample_disk_usage() {
  core::disk_usage out;
  out.made_at = sample_now() - std::chrono::minutes(3);
  out.images_bytes = 6500;
  out.containers_bytes = 40;
  out.volumes_bytes = 900;
  out.build_cache_bytes = 600;
  out.build_cache_reclaimable_bytes = 600;
  out.container_writable_bytes = {{std::string(64, 'c'), 40}};
  out.volumes.push_back({.name = "data", .driver = "local", .size = 900, .references = 1, .labels = {{"keep", "yes"}}});
  out.volumes.push_back({.name = std::string(64, 'e'), .driver = "local", .anonymous = true, .references = 0});
  return out;
}

core::inventory sample_inventory(bool unread) {
  core::inventory out;
  out.engine = {.id = "ENGINE", .engine = "docker", .version = "20.10.24+dfsg1", .api_version = "1.41",
                .storage_driver = "overlay2", .store = core::image_store::graphdriver, .root_dir = "/var/lib/docker"};
  const auto built = sample_now() - std::chrono::hours(24 * 3);
  add_image(out, {.id = sample_id('a'), .tags = {"shop/app:1.0"}, .size = 1200, .created = built,
                  .labels = {{"maintainer", "Zoë \"Z\""}}},
            {"sha256:base", "sha256:app"}, {1000, 200});
  add_image(out,
            {.id = sample_id('b'),
             .tags = {"registry.example.com/tool:2", "tool:2"},
             .digests = {"registry.example.com/tool@sha256:" + std::string(64, '1')},
             .size = 1300,
             .created = built},
            {"sha256:base", "sha256:tool"}, {1000, 300});
  add_image(out, {.id = sample_id('d'), .size = 5000}, {"sha256:lone"}, {5000});
  if (unread) add_image(out, {.id = sample_id('f'), .tags = {"odd:1"}, .size = 70}, {}, {});
  out.containers.push_back({.id = std::string(64, 'c'),
                            .names = {"web"},
                            .image_id = sample_id('a'),
                            .image_name = "shop/app:1.0",
                            .state = core::container_state::exited,
                            .status = "Exited (0) 2 hours ago",
                            .created = built,
                            .volumes = {"data"},
                            .labels = {{"role", "web"}}});
  out.disk = sample_disk_usage();
  out.complete_at = sample_now() - std::chrono::seconds(5);
  return out;
}

std::shared_ptr<const core::view> sample_view(bool unread) {
  return std::make_shared<const core::view>(sample_inventory(unread));
}

node_state sample_state() {
  node_state out;
  out.view = sample_view();
  out.engine_up = true;
  out.engine_absent = false;
  out.file_systems = {{.path = "/var/lib/docker",
                       .size_bytes = 20000,
                       .avail_bytes = 9000,
                       .free_bytes = 10000,
                       .files = 500,
                       .files_free = 400,
                       .device = 7},
                      {.path = "/",
                       .size_bytes = 20000,
                       .avail_bytes = 9000,
                       .free_bytes = 10000,
                       .files = 500,
                       .files_free = 400,
                       .device = 7},
                      {.path = "/boot", .size_bytes = 300, .avail_bytes = 200, .free_bytes = 250, .device = 8}};
  return out;
}

std::shared_ptr<const core::view> big_view(int count) {
  core::inventory out;
  out.engine = sample_inventory().engine;
  for (int i = 0; i < count; ++i) {
    const auto id = fmt::format("sha256:{:064x}", i);
    add_image(
        out,
        {.id = id,
         .tags = {fmt::format("registry.example.com/team/service-{}:1.{}", i % 100, i)},
         .size = 60'000'000 + i,
         .created = sample_now(),
         .labels = {{"org.opencontainers.image.source", "https://example.com/team/service"}}},
        {fmt::format("sha256:base{}", i % 10), fmt::format("sha256:middle{}", i % 100), fmt::format("sha256:top{}", i)},
        {50'000'000, 10'000'000 - i % 10, i + i % 10});
    if (i % 3 == 0) {
      out.containers.push_back(
          {.id = fmt::format("{:064x}", i), .names = {fmt::format("c{}", i)}, .image_id = id, .image_name = "x"});
    }
  }
  out.disk = sample_disk_usage();
  out.complete_at = sample_now();
  return std::make_shared<const core::view>(std::move(out));
}

}  // namespace docksweep::report::testing
