// What the series of a node say, worked out by hand from sample_node.
#include "report/node_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "report/disk_accounts.hpp"
#include "report/exposition.hpp"
#include "report/openmetrics_checker.hpp"
#include "report/sample_node.hpp"

namespace docksweep::report {
namespace {

using testing::sample_state;
using ::testing::ElementsAre;
using ::testing::Optional;

std::map<std::string, double> series_of(const node_state& state, const node_options& options = {}) {
  std::string out;
  write_families(out, node_families(state, options), exposition_format::openmetrics_1_0_0);
  close_exposition(out, exposition_format::openmetrics_1_0_0);
  const auto page = testing::read_openmetrics(out);
  EXPECT_THAT(page.faults, ::testing::IsEmpty()) << out;
  return page.samples;
}

TEST(node_metrics, counts_each_layer_once_by_its_strongest_holder) {
  const auto series = series_of(sample_state());
  EXPECT_EQ(series.at(R"(docksweep_images{state="in_use"})"), 1);
  EXPECT_EQ(series.at(R"(docksweep_images{state="unused"})"), 1);
  EXPECT_EQ(series.at(R"(docksweep_images{state="dangling"})"), 1);
  EXPECT_EQ(series.at(R"(docksweep_images{state="intermediate"})"), 0);
  EXPECT_EQ(series.at(R"(docksweep_images_size_bytes{state="in_use"})"), 1200);
  EXPECT_EQ(series.at(R"(docksweep_images_size_bytes{state="unused"})"), 300);
  EXPECT_EQ(series.at(R"(docksweep_images_size_bytes{state="dangling"})"), 5000);
  EXPECT_EQ(series.at(R"(docksweep_images_size_bytes{state="intermediate"})"), 0);
  EXPECT_EQ(series.at("docksweep_sizes_exact"), 1);
  EXPECT_EQ(series.at("docksweep_images_reclaimable_bytes"), 5300);
  EXPECT_EQ(series.at("docksweep_images_dangling_reclaimable_bytes"), 5000);
}

TEST(node_metrics, tells_what_of_a_disk_the_engine_does_not_account_for) {
  auto state = sample_state();
  const auto series = series_of(state);
  // 10000 used, less 6500 of layers and what sample_disk_usage() has.
  EXPECT_EQ(series.at(R"(docksweep_disk_unaccounted_bytes{path="/var/lib/docker"})"), 1960);
  EXPECT_FALSE(series.contains(R"(docksweep_disk_unaccounted_bytes{path="/boot"})")) << "nothing of the engine is there";
  for (auto& one : state.file_systems) one.free_bytes = one.size_bytes;
  EXPECT_EQ(series_of(state).at(R"(docksweep_disk_unaccounted_bytes{path="/var/lib/docker"})"), 0) << "never below";
}

TEST(node_metrics, shows_all_seven_container_states) {
  const auto series = series_of(sample_state());
  double sum = 0;
  int states = 0;
  for (const auto& [name, value] : series) {
    if (!name.starts_with("docksweep_containers{")) continue;
    sum += value;
    ++states;
  }
  EXPECT_EQ(states, 7);
  EXPECT_EQ(sum, 1);
  EXPECT_EQ(series.at(R"(docksweep_containers{state="exited"})"), 1);
}

TEST(node_metrics, names_the_engine_and_its_health) {
  const auto series = series_of(sample_state());
  EXPECT_EQ(series.at(R"(docksweep_engine_info{api_version="1.41",engine="docker",image_store="graphdriver",)"
                      R"(storage_driver="overlay2",version="20.10.24+dfsg1"})"), 1);
  EXPECT_EQ(series.at("docksweep_engine_up"), 1);
  EXPECT_EQ(series.at("docksweep_engine_absent"), 0);
  EXPECT_DOUBLE_EQ(series.at("docksweep_inventory_last_success_timestamp_seconds"), 1795435195.25);
}

TEST(node_metrics, engine_series_vanish_with_the_view_and_the_disks_stay) {
  auto state = sample_state();
  const auto before = series_of(state, {.per_image = 2});
  state.view = nullptr;
  state.engine_up = false;
  state.last_success = testing::sample_now();
  std::set<std::string> names;
  for (const auto& [name, value] : series_of(state, {.per_image = 2})) names.insert(name.substr(0, name.find('{')));
  EXPECT_THAT(names, ElementsAre("docksweep_disk_avail_bytes", "docksweep_disk_files", "docksweep_disk_files_free",
                                 "docksweep_disk_size_bytes", "docksweep_engine_absent", "docksweep_engine_up",
                                 "docksweep_inventory_last_success_timestamp_seconds"));
  EXPECT_GT(before.size(), 30u);
}

TEST(node_metrics, no_moment_is_made_up_before_the_first_listing) {
  const auto series = series_of({});
  EXPECT_EQ(series.size(), 2u);
  EXPECT_EQ(series.at("docksweep_engine_up"), 0);
  EXPECT_EQ(series.at("docksweep_engine_absent"), 1);
}

TEST(node_metrics, disks_show_what_statvfs_says) {
  auto state = sample_state();
  state.file_systems.push_back(state.file_systems.front());  // the same path configured twice
  const auto series = series_of(state);
  EXPECT_EQ(series.at(R"(docksweep_disk_size_bytes{path="/boot"})"), 300);
  EXPECT_EQ(series.at(R"(docksweep_disk_avail_bytes{path="/var/lib/docker"})"), 9000);
  EXPECT_EQ(series.at(R"(docksweep_disk_files{path="/"})"), 500);
  EXPECT_EQ(series.at(R"(docksweep_disk_files_free{path="/"})"), 400);
  EXPECT_FALSE(series.contains(R"(docksweep_disk_files{path="/boot"})"));  // no fixed number of inodes
}

TEST(node_metrics, usage_leaves_out_what_the_engine_does_not_know) {
  auto inventory = testing::sample_inventory();
  inventory.disk->build_cache_bytes.reset();
  auto state = sample_state();
  state.view = std::make_shared<const core::view>(inventory);
  auto series = series_of(state);
  EXPECT_EQ(series.at(R"(docksweep_disk_usage_bytes{resource="volumes"})"), 900);
  EXPECT_EQ(series.at(R"(docksweep_disk_usage_bytes{resource="images"})"), 6500);
  EXPECT_FALSE(series.contains(R"(docksweep_disk_usage_bytes{resource="build_cache"})"));
  inventory.disk.reset();
  state.view = std::make_shared<const core::view>(inventory);
  series = series_of(state);
  for (const auto& [name, value] : series) EXPECT_FALSE(name.starts_with("docksweep_disk_usage_bytes")) << name;
  for (const auto& [name, value] : series) EXPECT_FALSE(name.starts_with("docksweep_disk_unaccounted")) << name;
}

TEST(node_metrics, reclaimable_waits_for_the_first_disk_usage) {
  auto inventory = testing::sample_inventory();
  inventory.disk.reset();
  auto state = sample_state();
  state.view = std::make_shared<const core::view>(inventory);
  EXPECT_FALSE(series_of(state).contains("docksweep_images_reclaimable_bytes"));  // 0 would look like an answer
  EXPECT_EQ(series_of(state).at(R"(docksweep_images{state="unused"})"), 1);
}

TEST(node_metrics, unread_images_turn_figures_into_bounds) {
  auto state = sample_state();
  state.view = testing::sample_view(true);
  EXPECT_EQ(series_of(state).at("docksweep_sizes_exact"), 0);
}

TEST(node_metrics, help_says_how_fresh_the_figures_are) {
  const auto families =
      node_families(sample_state(), {.resync = std::chrono::seconds(90), .disk_usage = std::chrono::hours(2)});
  const auto help = [&](std::string_view name) {
    return std::ranges::find(families, name, &prometheus::MetricFamily::name)->help;
  };
  EXPECT_THAT(help("docksweep_images"), ::testing::HasSubstr("every 1m30s."));
  EXPECT_THAT(help("docksweep_disk_usage_bytes"), ::testing::HasSubstr("every 2h."));
}

TEST(image_series, are_off_unless_asked_for) {
  for (const auto& [name, value] : series_of(sample_state()))
    EXPECT_FALSE(name.starts_with("docksweep_image_")) << name;
}

TEST(image_series, one_for_each_name_of_the_largest) {
  const auto series = series_of(sample_state(), {.per_image = 3});
  const auto id = [](char digit) { return testing::sample_id(digit); };
  EXPECT_EQ(series.at("docksweep_image_size_bytes{id=\"" + id('d') + "\",image=\"<none>\"}"), 5000);
  EXPECT_EQ(series.at("docksweep_image_size_bytes{id=\"" + id('b') + "\",image=\"tool:2\"}"), 1300);
  EXPECT_EQ(series.at("docksweep_image_size_bytes{id=\"" + id('b') + "\",image=\"registry.example.com/tool:2\"}"),
            1300);
  EXPECT_EQ(series.at("docksweep_image_unique_bytes{id=\"" + id('b') + "\",image=\"tool:2\"}"), 300);
  EXPECT_FALSE(series.contains("docksweep_image_size_bytes{id=\"" + id('a') + "\",image=\"shop/app:1.0\"}"));
  EXPECT_EQ(series.at("docksweep_image_series_omitted"), 1);
  EXPECT_EQ(series_of(sample_state(), {.per_image = 100}).at("docksweep_image_series_omitted"), 0);
}

TEST(image_series, a_name_listed_twice_is_one_series) {
  auto inventory = testing::sample_inventory();
  inventory.images[1].tags.push_back("tool:2");
  auto state = sample_state();
  state.view = std::make_shared<const core::view>(inventory);
  EXPECT_TRUE(
      series_of(state, {.per_image = 9}).contains("docksweep_image_series_omitted"));  // series_of finds no fault
}

// used 10000 - (layers 6500 + writable 40 + cache 600 + volumes 900) = 1960
TEST(unaccounted, is_what_no_one_counts_where_the_engine_keeps_its_data) {
  const auto state = sample_state();
  EXPECT_THAT(unaccounted_bytes(*state.view, state.file_systems, ""),
              ElementsAre(Optional(1960), Optional(1960), std::nullopt));  // "/" is the same device; /boot is not
}

TEST(unaccounted, does_not_count_shared_build_cache_twice) {
  auto inventory = testing::sample_inventory();
  inventory.disk->build_cache_shared_bytes = 250;
  const core::view view(inventory);
  EXPECT_EQ(unaccounted_bytes(view, sample_state().file_systems, "").front(), 2210);
}

TEST(unaccounted, is_never_below_zero) {
  auto state = sample_state();
  state.file_systems[0].free_bytes = 19999;
  EXPECT_EQ(unaccounted_bytes(*state.view, state.file_systems, "").front(), 0);
}

TEST(unaccounted, is_unknown_before_the_first_disk_usage) {
  auto inventory = testing::sample_inventory();
  inventory.disk.reset();
  const core::view view(inventory);
  EXPECT_THAT(unaccounted_bytes(view, sample_state().file_systems, ""),
              ElementsAre(std::nullopt, std::nullopt, std::nullopt));
}

TEST(unaccounted, belongs_to_the_closest_path_that_holds_the_data_root) {
  const auto state = sample_state();
  const auto at = [&](std::vector<std::string> paths) {
    std::vector<core::file_system> disks;
    for (auto& path : paths) disks.push_back({.path = path, .size_bytes = 20000, .free_bytes = 10000});
    return unaccounted_bytes(*state.view, disks, "");
  };
  EXPECT_THAT(at({"/", "/var"}), ElementsAre(std::nullopt, Optional(1960)));
  EXPECT_THAT(at({"/var/lib/dock", "/var/lib/docker/tmp"}), ElementsAre(std::nullopt, Optional(1960)));
  EXPECT_THAT(at({"/var/lib/docker/", "/var/lib/docker/tmp"}), ElementsAre(Optional(1960), std::nullopt));
  EXPECT_THAT(at({"/srv"}), ElementsAre(std::nullopt));
}

TEST(unaccounted, containerd_root_on_its_own_disk_holds_all_but_volumes) {
  auto inventory = testing::sample_inventory();
  inventory.engine.store = core::image_store::containerd;
  const core::view view(inventory);
  const auto layers = view.layers().total().at_most;
  const std::vector<core::file_system> disks{{.path = "/var/lib/docker", .size_bytes = 20000, .free_bytes = 10000},
                                             {.path = "/var/lib/containerd", .size_bytes = 90000, .free_bytes = 10000}};
  EXPECT_THAT(unaccounted_bytes(view, disks, "/var/lib/containerd"),
              ElementsAre(Optional(10000 - 900), Optional(80000 - 640 - layers)));
  EXPECT_THAT(unaccounted_bytes(view, disks, ""),
              ElementsAre(Optional(10000 - 900 - 640 - layers < 0 ? 0 : 10000 - 900 - 640 - layers), std::nullopt));
}

}  // namespace
}  // namespace docksweep::report
