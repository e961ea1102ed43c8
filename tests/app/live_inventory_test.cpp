// The inventory while it changes: what a listing replaces, what it must not, and that one tag has one image.
#include "app/live_inventory.hpp"

#include <gmock/gmock.h>

namespace docksweep::test {
namespace {

using app::live_inventory;
using testing::ElementsAre;
using testing::IsEmpty;

core::image image(std::string id, std::vector<std::string> tags = {}, std::string parent = {}) {
  core::image made;
  made.id = std::move(id);
  made.tags = std::move(tags);
  made.parent_id = std::move(parent);
  made.size = 10;
  return made;
}
core::container container(std::string id) {
  core::container made;
  made.id = std::move(id);
  return made;
}
core::image_details details(std::string id, std::optional<core::byte_count> listed = 10) {
  core::image_details made;
  made.id = std::move(id);
  made.listed_size = listed;
  return made;
}

class live : public testing::Test {
 protected:
  live() { inventory.reset({.id = "e"}); }
  bool list(std::vector<core::image> images, std::vector<core::container> containers = {}) {
    return inventory.apply_listing({std::move(images), 0}, {std::move(containers), 0}, {});
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& one : inventory.now().images) all.push_back(one.id);
    return all;
  }
  live_inventory inventory;
};

TEST_F(live, listing_is_sorted_and_joined_with_known_details) {
  inventory.remember({details("b"), details("gone")});
  EXPECT_TRUE(list({image("c"), image("a"), image("b")})) << "a stored one is gone";
  EXPECT_THAT(ids(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(inventory.now().details[0], nullptr);
  ASSERT_NE(inventory.now().details[1], nullptr);
  EXPECT_EQ(inventory.now().details[1]->id, "b");
  EXPECT_THAT(inventory.lacking_details(), ElementsAre("a", "c"));
  const auto kept = inventory.now().details[1];
  EXPECT_FALSE(list({image("b"), image("a"), image("c")}));
  EXPECT_EQ(inventory.now().details[1], kept);
  EXPECT_TRUE(list({image("b"), image("a")}));
}

TEST_F(live, image_listed_twice_is_one_with_all_names) {
  list({image("a", {"x:1"}), image("a", {"x:2", "x:1"})});
  ASSERT_EQ(inventory.now().images.size(), 1U);
  EXPECT_THAT(inventory.now().images[0].tags, ElementsAre("x:1", "x:2"));
}

TEST_F(live, tag_is_taken_from_the_image_that_had_it) {
  list({image("a", {"x:1", "x:2"}), image("b", {"y:1"})});
  const auto change = inventory.apply_image(image("c", {"x:1"}));
  EXPECT_TRUE(change.changed);
  EXPECT_TRUE(change.needs_details);
  EXPECT_THAT(change.losers, ElementsAre("a"));
  EXPECT_THAT(inventory.find_image("a")->tags, ElementsAre("x:2"));
  EXPECT_EQ(inventory.now().details.size(), 3U);
}

TEST_F(live, what_is_not_known_anew_stays) {
  core::image known = image("a", {"x:1"}, "p");
  known.created = core::instant(std::chrono::seconds(5));
  list({known, image("p")});
  core::image fresh = image("a", {"x:1"});
  fresh.size.reset();
  EXPECT_FALSE(inventory.apply_image(fresh).changed);
  EXPECT_EQ(*inventory.find_image("a"), known);
}

TEST_F(live, missing_parent_is_told) {
  list({image("a")});
  EXPECT_TRUE(inventory.apply_image(image("b", {}, "p")).parent_missing);
  EXPECT_FALSE(inventory.apply_image(image("c", {}, "a")).parent_missing);
  EXPECT_FALSE(inventory.apply_image(image("d")).parent_missing);
}

TEST_F(live, view_stays_as_it_was_when_something_changes) {
  list({image("a", {"x:1"})}, {container("k")});
  const auto before = inventory.publish();
  EXPECT_FALSE(inventory.changed());
  EXPECT_FALSE(inventory.apply_image(image("a", {"x:1"})).changed);
  EXPECT_FALSE(inventory.apply_container(container("k")));
  EXPECT_FALSE(inventory.remove_image("zzz"));
  EXPECT_FALSE(inventory.changed());
  EXPECT_EQ(inventory.publish(), before) << "nothing changed: the same view";
  inventory.remove_image("a");
  inventory.remove_container("k");
  EXPECT_EQ(before->what().images.size(), 1U);
  EXPECT_EQ(before->what().containers.size(), 1U);
  EXPECT_EQ(inventory.publish()->what().images.size(), 0U);
}

TEST_F(live, what_was_touched_while_a_listing_ran_is_newer_than_it) {
  list({image("a", {"x:1"}), image("b"), image("d")}, {container("k"), container("l")});
  inventory.listing_began();
  inventory.apply_image(image("c", {"x:1"}));
  inventory.remove_image("b");
  inventory.apply_image(image("d"));  // looked at, unchanged
  inventory.remove_container("k");
  inventory.apply_container(container("m"));
  // An older snapshot arrives: before all of that, and with something else gone and come.
  list({image("a", {"x:1", "x:9"}), image("b"), image("e")}, {container("k")});
  EXPECT_THAT(ids(), ElementsAre("a", "c", "d", "e"));
  EXPECT_THAT(inventory.find_image("a")->tags, IsEmpty()) << "touched as well: it lost its tag";
  EXPECT_THAT(inventory.find_image("c")->tags, ElementsAre("x:1"));
  EXPECT_EQ(inventory.find_container("k"), nullptr);
  EXPECT_EQ(inventory.find_container("l"), nullptr);
  EXPECT_NE(inventory.find_container("m"), nullptr);
  // That is over with this listing.
  list({image("a", {"x:1"}), image("b")});
  EXPECT_THAT(ids(), ElementsAre("a", "b"));
  EXPECT_THAT(inventory.find_image("a")->tags, ElementsAre("x:1"));
}

TEST_F(live, tag_that_moved_while_a_listing_ran_stays_with_its_new_image) {
  list({image("a", {"x:1"})});
  inventory.listing_began();
  inventory.apply_image(image("c", {"y:1"}));
  list({image("a", {"x:1"}), image("n", {"y:1", "y:2"}), image("c")});
  EXPECT_THAT(inventory.find_image("n")->tags, ElementsAre("y:2"));
  EXPECT_THAT(inventory.find_image("c")->tags, ElementsAre("y:1"));
}

TEST_F(live, failed_listing_leaves_everything) {
  list({image("a")});
  inventory.listing_began();
  inventory.apply_image(image("b"));
  inventory.listing_failed();
  EXPECT_THAT(ids(), ElementsAre("a", "b"));
}

TEST_F(live, references_find_their_holder_in_any_spelling) {
  core::image known = image("a", {"alpine:3", "me/app:1"});
  known.digests = {"alpine@sha256:1"};
  list({known});
  EXPECT_EQ(inventory.holder_of("alpine:3"), "a");
  EXPECT_EQ(inventory.holder_of("docker.io/library/alpine:3"), "a");
  EXPECT_EQ(inventory.holder_of("docker.io/me/app:1"), "a");
  EXPECT_EQ(inventory.holder_of("alpine@sha256:1"), "a");
  EXPECT_EQ(inventory.holder_of("alpine:4"), "");
}

TEST_F(live, details_are_stale_when_the_size_changed) {
  for (const auto store : {core::image_store::graphdriver, core::image_store::containerd}) {
    inventory.reset({.id = "e", .store = store});
    inventory.remember({details("a", 9), details("b", 10)});
    list({image("a"), image("b")});
    EXPECT_TRUE(inventory.lacks_details("a"));
    EXPECT_FALSE(inventory.lacks_details("b"));
    EXPECT_NE(inventory.now().details[0], nullptr) << "still better than nothing";
  }
}

TEST_F(live, resync_without_change_accounts_for_no_layer_again) {
  const auto at = [](int seconds) { return core::instant(std::chrono::seconds(seconds)); };
  const auto resync = [&](std::vector<core::image> images, std::vector<core::container> containers, int when) {
    inventory.apply_listing({std::move(images), 0}, {std::move(containers), 0}, at(when));
    EXPECT_TRUE(inventory.changed()) << "when it was listed is news";
    return inventory.publish();
  };
  auto up = container("k");
  up.status = "Up 4 minutes";
  inventory.remember({details("a"), details("b")});
  const auto first = resync({image("a", {"x:1"}), image("b")}, {up}, 1);
  up.status = "Up 9 minutes";
  const auto second = resync({image("b"), image("a", {"x:1"})}, {up}, 2);
  EXPECT_NE(first, second);
  EXPECT_EQ(&first->layers(), &second->layers());
  EXPECT_EQ(first->what().complete_at, at(1)) << "whoever holds the older view sees it as it was";
  EXPECT_EQ(second->what().complete_at, at(2));
  EXPECT_EQ(second->what().containers[0].status, "Up 9 minutes");
  EXPECT_EQ(second->states(), first->states());
}

TEST_F(live, whatever_layers_depend_on_accounts_for_them_anew) {
  inventory.remember({details("a"), details("b")});
  list({image("a", {"x:1"}), image("b")}, {container("k")});
  auto before = inventory.publish();
  const auto anew = [&](const char* what) {
    const auto now = inventory.publish();
    EXPECT_NE(&now->layers(), &before->layers()) << what;
    before = now;
  };
  auto holder = container("k");
  holder.image_id = "b";
  inventory.apply_container(holder);
  anew("another state");
  list({image("a", {"x:2"}), image("b")}, {holder});
  anew("another tag");
  list({image("a", {"x:2"})}, {});
  anew("an image less");
  auto read_again = details("a");
  read_again.history_sizes = {10};
  inventory.apply_details(std::make_shared<const core::image_details>(read_again));
  anew("other details");
  core::disk_usage disk;
  disk.build_cache_shared_bytes = 5;
  inventory.apply_disk(disk);
  anew("build cache that shares layers");
  disk.volumes_bytes = 7;
  inventory.apply_disk(disk);
  EXPECT_EQ(&inventory.publish()->layers(), &before->layers()) << "volumes are no layers";
}

core::container mounting(std::string id, std::string name) {
  auto made = container(std::move(id));
  made.image_id = "other";
  made.state = core::container_state::exited;  // of a running one every image without a tag may be the one that is mounted
  made.image_mounts = {std::move(name)};
  return made;
}

TEST_F(live, image_that_is_mounted_stays_in_use_when_its_tag_moves) {
  const auto in_use = [&] {
    const auto now = inventory.publish();
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < now->states().size(); ++i) {
      if (now->states()[i] == core::image_state::in_use) ids.push_back(now->what().images[i].id);
    }
    return ids;
  };
  const auto resync = [&](std::vector<core::image> images, std::vector<core::container> containers) {
    inventory.listing_began();
    list(std::move(images), std::move(containers));
  };
  resync({image("a", {"data:1"})}, {mounting("k", "data:1")});
  EXPECT_THAT(in_use(), ElementsAre("a"));
  inventory.apply_image(image("b", {"data:1"}));
  EXPECT_THAT(in_use(), ElementsAre("a", "b")) << "the one that was mounted; the one that has the name";
  resync({image("a"), image("b", {"data:1"})}, {mounting("k", "data:1")});
  EXPECT_THAT(in_use(), ElementsAre("a", "b"));
  resync({image("a"), image("b"), image("c", {"data:1"})}, {mounting("k", "data:1")});
  resync({image("a"), image("b"), image("c"), image("d", {"data:1"})}, {mounting("k", "data:1")});
  EXPECT_THAT(in_use(), ElementsAre("a", "b", "d")) << "what came after the container was made is held by name only";
  inventory.apply_container(mounting("k", "data:1"));
  EXPECT_THAT(in_use(), ElementsAre("a", "b", "d")) << "an event about the container";
  inventory.remove_container("k");
  EXPECT_THAT(in_use(), IsEmpty());
}

TEST_F(live, container_may_be_known_before_the_image_that_it_mounts) {
  list({image("a", {"x:1"})});
  inventory.apply_container(mounting("k", "data:1"));
  EXPECT_THAT(inventory.find_container("k")->held_ids, IsEmpty());
  inventory.apply_image(image("b", {"data:1"}));
  EXPECT_THAT(inventory.find_container("k")->held_ids, ElementsAre("b"));
  inventory.apply_image(image("c", {"data:1"}));
  EXPECT_THAT(inventory.find_container("k")->held_ids, ElementsAre("b", "c")) << "which of them is not known yet";
  EXPECT_FALSE(inventory.apply_container(mounting("k", "data:1"))) << "nothing new";
}

TEST_F(live, another_engine_starts_empty) {
  list({image("a")});
  inventory.publish();
  inventory.reset({.id = "other"});
  EXPECT_FALSE(inventory.listed());
  EXPECT_TRUE(inventory.now().images.empty());
  EXPECT_EQ(inventory.now().engine.id, "other");
}

}  // namespace
}  // namespace docksweep::test
