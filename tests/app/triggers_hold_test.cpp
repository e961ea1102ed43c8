// `for`: when a quantity has stayed beyond its threshold for long enough; on which path; and what a policy says then.
#include <gtest/gtest.h>

#include <map>

#include "app/quantity_hold.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;
using core::quantity;

beyond one(quantity what, double value, double measured, std::string path = {}) {
  return {{what, value}, measured, std::move(path)};
}

TEST(quantity_hold, of_zero_fires_in_the_first_look) {
  quantity_hold hold;
  const auto found = std::vector{one(quantity::images, 10, 11)};
  EXPECT_EQ(hold.look(found, 0ms, 5s), found);
}

TEST(quantity_hold, fires_when_it_has_stayed_beyond_for_so_long_and_goes_on_firing) {
  quantity_hold hold;
  const auto found = std::vector{one(quantity::disk, 0.85, 0.9, "/a")};
  EXPECT_TRUE(hold.look(found, 30s, 100s).empty());
  EXPECT_TRUE(hold.look(found, 30s, 129s).empty());
  EXPECT_EQ(hold.look(found, 30s, 130s), found);
  EXPECT_EQ(hold.look(found, 30s, 500s), found);
}

TEST(quantity_hold, begins_anew_after_one_look_below) {
  quantity_hold hold;
  const auto found = std::vector{one(quantity::disk, 0.85, 0.9, "/a")};
  EXPECT_TRUE(hold.look(found, 30s, 0s).empty());
  EXPECT_TRUE(hold.look({}, 30s, 20s).empty());
  EXPECT_TRUE(hold.look(found, 30s, 21s).empty());
  EXPECT_TRUE(hold.look(found, 30s, 50s).empty());
  EXPECT_EQ(hold.look(found, 30s, 51s).size(), 1U);
}

TEST(quantity_hold, is_of_one_path_not_of_several_in_turn) {
  quantity_hold hold;
  EXPECT_TRUE(hold.look({one(quantity::disk, 0.85, 0.9, "/a")}, 30s, 0s).empty());
  EXPECT_TRUE(hold.look({one(quantity::disk, 0.85, 0.9, "/b")}, 30s, 29s).empty());
  EXPECT_TRUE(hold.look({one(quantity::disk, 0.85, 0.9, "/b")}, 30s, 58s).empty());
  EXPECT_EQ(hold.look({one(quantity::disk, 0.85, 0.9, "/b")}, 30s, 59s).size(), 1U);
}

TEST(quantity_hold, another_threshold_is_another_hold) {
  quantity_hold hold;
  EXPECT_TRUE(hold.look({one(quantity::images, 10, 20)}, 30s, 0s).empty());
  EXPECT_TRUE(hold.look({one(quantity::images, 15, 20)}, 30s, 30s).empty()) << "the threshold was changed";
}

class beyond_on : public testing::Test {
 protected:
  std::vector<beyond> look(std::vector<core::threshold> limits) {
    core::trigger_rules when;
    when.quantities = std::move(limits);
    std::vector<core::file_system> disks;
    for (const auto& path : {"/a", "/b", "/c"}) disks.push_back({.path = path});
    return beyond_now(when, disks, [this](quantity what, const std::string& path) -> std::optional<double> {
      const auto at = readings.find({what, path});
      if (at == readings.end()) return std::nullopt;
      return at->second;
    });
  }
  std::map<std::pair<quantity, std::string>, double> readings;
};

TEST_F(beyond_on, any_path_the_fullest_first) {
  readings = {{{quantity::disk, "/a"}, 0.86}, {{quantity::disk, "/b"}, 0.99}, {{quantity::disk, "/c"}, 0.80}};
  const auto found = look({{quantity::disk, 0.85}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, "/b");
  EXPECT_EQ(found[1].path, "/a");
}

TEST_F(beyond_on, least_free_space_first) {
  readings = {{{quantity::disk_free, "/a"}, 900}, {{quantity::disk_free, "/b"}, 100}, {{quantity::disk_free, "/c"}, 5000}};
  const auto found = look({{quantity::disk_free, 1000}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, "/b");
}

TEST_F(beyond_on, what_is_not_known_is_not_beyond) {
  readings = {{{quantity::images, ""}, 11}};
  const auto found = look({{quantity::disk, 0.1}, {quantity::reclaimable, 1}, {quantity::images, 10}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].limit.what, quantity::images);
}

TEST_F(beyond_on, a_threshold_itself_does_not_fire) {
  readings = {{{quantity::images, ""}, 10}};
  EXPECT_TRUE(look({{quantity::images, 10}}).empty());
}

TEST(cause, says_what_is_beyond_what_and_where) {
  EXPECT_EQ(to_text(one(quantity::disk, 0.85, 0.871, "/var/lib/docker")), "disk 0.871 above 0.85 at /var/lib/docker");
  EXPECT_EQ(to_text(one(quantity::images, 1000, 1001)), "images 1001 above 1000");
  EXPECT_EQ(to_text(one(quantity::disk_free, 2147483648., 1610612736., "/")), "disk_free 1536MiB below 2GiB at /");
}

}  // namespace
}  // namespace docksweep::app
