// Listings: a burst is one of them, they never take more than their share, and nothing that happens meanwhile is lost.
#include <gmock/gmock.h>

#include "app/fakes.hpp"

namespace docksweep::test {
namespace {

using testing::ElementsAre;

class watcher_listings : public watched_engine {
 protected:
  // Wants a listing all the time, for a second: each pause is at least so many times as long as the listing before it.
  void expect_pauses(int times) {
    start_and_settle();
    const auto began = clock::now();
    run_until([&] {
      watch->request_resync();
      return clock::now() - began > milliseconds(1000);
    });
    std::optional<clock::time_point> listing, over;
    int pauses = 0;
    for (const fake_call& call : engine.calls) {
      if (call.what == "list_images") {
        if (listing && over) {
          EXPECT_GE(call.began - *over, times * (*over - *listing)) << "pause " << pauses;
          ++pauses;
        }
        listing = call.began;
        over.reset();
      } else if (call.what == "list_containers" && call.ended != clock::time_point{}) {
        over = call.ended;
      }
    }
    EXPECT_GE(pauses, 2);
    EXPECT_EQ(engine.most_listings, 1);
  }
};

TEST_F(watcher_listings, burst_is_one_listing_and_no_single_call) {
  start_and_settle();
  for (int i = 0; i < 60; ++i) {
    add_image(i, {"load/" + std::to_string(i) + ":1"});
    engine.send(image_event("load", image_id(i)));
  }
  ASSERT_TRUE(run_until([&] { return watch->current()->what().images.size() == 60; }, milliseconds(1000)));
  run_for(milliseconds(50));
  EXPECT_EQ(engine.count("list_images"), 1U);
  EXPECT_EQ(engine.count("find_image"), 0U);
}

TEST_F(watcher_listings, burst_waits_for_a_listing_that_may_start_soon) {
  options.listing_share = 0.5;
  engine.delay["list_images"] = milliseconds(100);  // the next one may start 100 ms later
  start_and_settle();
  for (int i = 0; i < 60; ++i) {
    add_image(i);
    engine.send(image_event("load", image_id(i)));
  }
  ASSERT_TRUE(run_until([&] { return watch->current()->what().images.size() == 60; }, milliseconds(1500)));
  EXPECT_EQ(engine.count("list_images"), 1U);
  EXPECT_EQ(engine.count("find_image"), 0U);
}

TEST_F(watcher_listings, container_that_a_burst_says_is_dead_is_looked_at_until_it_is) {
  for (int i = 0; i < 60; ++i) add_container(i);
  start_and_settle();
  for (int i = 0; i < 60; ++i) {
    if (i != 7) engine.containers[container_id(i)].state = core::container_state::exited;
    engine.send(container_event("die", container_id(i)));
  }
  ASSERT_TRUE(run_until([&] { return seen_container(8)->state == core::container_state::exited; }, milliseconds(1000)));
  EXPECT_EQ(engine.count("list_images"), 1U);
  EXPECT_EQ(seen_container(7)->state, core::container_state::running) << "the listing was too early for this one";
  engine.containers[container_id(7)].state = core::container_state::exited;
  ASSERT_TRUE(run_until([&] { return seen_container(7)->state == core::container_state::exited; }, milliseconds(1000)));
  EXPECT_EQ(engine.count("list_images"), 1U);
  EXPECT_LE(engine.count("find_container"), 2U);
}

TEST_F(watcher_listings, one_that_a_lost_stream_broke_off_is_made_again) {
  add_image(1);
  engine.delay["list_images"] = milliseconds(60);
  start();
  ASSERT_TRUE(run_until([&] { return engine.count("list_images") == 1; }));
  run_for(milliseconds(10));
  engine.cut_stream();
  ASSERT_TRUE(run_until([&] { return watch->current() != nullptr; }, milliseconds(2000)));
  EXPECT_EQ(engine.count("list_images"), 2U);
  EXPECT_EQ(log.count("listing_failed"), 0U);
}

TEST_F(watcher_listings, take_no_more_than_their_share_of_wall_time) {
  engine.delay["list_images"] = milliseconds(20);
  options.listing_share = 0.25;
  expect_pauses(3);
  EXPECT_GE(engine.count("list_images"), 5U);  // they do happen
}

TEST_F(watcher_listings, take_a_tenth_of_wall_time_unless_told_otherwise) {
  engine.delay["list_images"] = milliseconds(10);
  expect_pauses(9);
  EXPECT_GE(engine.count("list_images"), 3U);
}

TEST_F(watcher_listings, storm_while_no_listing_is_allowed_goes_on_one_object_at_a_time) {
  for (int i = 0; i < 60; ++i) add_container(i);
  engine.delay["list_images"] = milliseconds(150);  // the next one may start 1350 ms later
  start_and_settle();
  engine.most_in_flight = 0;
  for (int i = 0; i < 60; ++i) {
    engine.containers.erase(container_id(i));
    engine.send(container_event("destroy", container_id(i)));
  }
  ASSERT_TRUE(run_until([&] { return watch->current()->what().containers.empty(); }, milliseconds(1200)));
  EXPECT_EQ(engine.count("list_images"), 0U);
  EXPECT_LE(engine.most_in_flight, 2 + 1);  // two once it is no burst any more; the stream counts, too
}

TEST_F(watcher_listings, event_while_one_runs_is_newer_than_it) {
  add_image(1, {"a:1"});
  add_image(2, {"b:1"});
  add_container(1);
  start_and_settle();
  engine.delay["list_images"] = milliseconds(1000);
  bool happened = false;
  engine.on_call = [&](const std::string& what) {
    if (happened || what != "list_images") return;
    happened = true;  // after the listing's snapshot: a tag moves, a container goes, an image goes, another comes
    engine.images[image_id(1)].tags.clear();
    engine.images.erase(image_id(2));
    add_image(3, {"a:1"});
    engine.send(image_event("tag", image_id(3), "a:1"));
    engine.send(image_event("delete", image_id(2)));
  };
  watch->request_resync();
  const auto refreshes = telemetry.refreshes;
  ASSERT_TRUE(run_until([&] { return happened && seen_image(3) && !seen_image(2); }));
  EXPECT_EQ(telemetry.refreshes, refreshes) << "shown before the listing is over";
  ASSERT_TRUE(run_until([&] { return telemetry.refreshes > refreshes; }));
  ASSERT_NE(seen_image(3), nullptr);
  EXPECT_THAT(seen_image(3)->tags, ElementsAre("a:1"));
  EXPECT_TRUE(seen_image(1)->tags.empty());
  EXPECT_EQ(seen_image(2), nullptr);
  EXPECT_NE(seen_container(1), nullptr);
}

TEST_F(watcher_listings, container_that_goes_while_one_runs_does_not_come_back) {
  add_container(1);
  start_and_settle();
  engine.delay["list_containers"] = milliseconds(100);
  bool happened = false;
  engine.on_call = [&](const std::string& what) {
    if (happened || what != "list_containers") return;
    happened = true;
    engine.containers.erase(container_id(1));
    engine.send(container_event("destroy", container_id(1)));
  };
  watch->request_resync();
  const auto refreshes = telemetry.refreshes;
  ASSERT_TRUE(run_until([&] { return telemetry.refreshes > refreshes; }, milliseconds(1000)));
  EXPECT_EQ(seen_container(1), nullptr);
}

TEST_F(watcher_listings, failed_single_call_becomes_a_listing_later) {
  add_image(1, {"a:1"});
  start_and_settle();
  engine.failures["find_image"].push_back({core::failure_code::engine_error, "boom", 500});
  engine.images[image_id(1)].tags.push_back("a:2");
  engine.send(image_event("tag", image_id(1), "a:2"));
  ASSERT_TRUE(run_until([&] { return seen_image(1)->tags.size() == 2; }, milliseconds(3500)));
  EXPECT_EQ(engine.count("list_images"), 1U);
  EXPECT_EQ(engine.count("find_image"), 1U);
}

TEST_F(watcher_listings, size_that_grew_on_the_containerd_store_has_its_details_read_again) {
  engine.identity.store = core::image_store::containerd;
  add_image(1, {"a:1"});
  start_and_settle();
  watch->request_resync();
  run_for(milliseconds(50));
  EXPECT_EQ(engine.count("image_details"), 0U);
  engine.images[image_id(1)].size = 5000;
  watch->request_resync();
  ASSERT_TRUE(run_until([&] { return engine.count("image_details") == 1; }, milliseconds(1000)));
  ASSERT_TRUE(
      run_until([&] { return watch->current()->what().details.at(0)->listed_size == 5000; }, milliseconds(2000)));
}

TEST_F(watcher_listings, unchanged_details_are_shared_between_views) {
  for (int i = 0; i < 10; ++i) add_image(i);
  start_and_settle();
  const auto before = watch->current();
  watch->request_resync();
  ASSERT_TRUE(run_until([&] { return watch->current() != before; }, milliseconds(1000)));
  EXPECT_EQ(before->what().details, watch->current()->what().details);
}

}  // namespace
}  // namespace docksweep::test
