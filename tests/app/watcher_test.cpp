// The watcher on an engine that behaves: what it calls at the start, when idle, and for each kind of event.
#include <gmock/gmock.h>

#include "app/fakes.hpp"

namespace docksweep::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using enum core::container_state;

class watcher_events : public watched_engine {};

TEST_F(watcher_events, subscribes_before_it_lists) {
  add_image(1, {"a:1"});
  add_container(1);
  engine.delay["follow_events"] = milliseconds(30);  // until it is open
  engine.on_call = [&](const std::string& what) {
    if (what == "list_images") {
      EXPECT_TRUE(engine.stream_open());
    }
  };
  start();
  ASSERT_TRUE(run_until([&] { return watch->current() != nullptr; }));
  EXPECT_EQ(engine.names().at(0), "identify");
  EXPECT_EQ(engine.names().at(1), "follow_events");
  EXPECT_EQ(engine.names().at(2), "list_images");
  EXPECT_EQ(engine.names().at(3), "list_containers");
  EXPECT_TRUE(watch->health().up);
  EXPECT_FALSE(watch->health().absent);
  EXPECT_NE(seen_image(1), nullptr);
  EXPECT_NE(seen_container(1), nullptr);
  EXPECT_EQ(telemetry.refreshes, 1);
  EXPECT_GT(watch->last_refresh().count(), 0);
}

TEST_F(watcher_events, reads_unknown_details_a_few_at_a_time_and_keeps_them) {
  for (int i = 0; i < 100; ++i) add_image(i);
  engine.delay["image_details"] = milliseconds(2);
  options.parallel_details = 4;
  start();
  ASSERT_TRUE(run_until([&] { return store.details["engine-1"].size() == 100; }));
  EXPECT_EQ(engine.count("image_details"), 100U);
  EXPECT_LE(engine.most_in_flight, 4 + 2);  // beside it: the stream, and the disk usage
  EXPECT_LE(store.saved_batches.size(), 6U);
  EXPECT_EQ(store.details["engine-1"][image_id(7)].listed_size, 107);
}

TEST_F(watcher_events, asks_for_no_details_that_the_store_knows) {
  for (int i = 0; i < 10; ++i) add_image(i);
  start_and_settle();
  run_until([&] { return store.details["engine-1"].size() == 10; });
  stop();
  ended = false;
  engine.calls.clear();
  start();
  ASSERT_TRUE(run_until([&] { return watch->current() != nullptr; }));
  EXPECT_EQ(engine.count("image_details"), 0U);
  EXPECT_TRUE(std::ranges::all_of(watch->current()->what().details, [](const auto& d) { return d != nullptr; }));
}

TEST_F(watcher_events, forgets_stored_details_of_images_that_are_gone) {
  add_image(1);
  core::image_details old;
  old.id = image_id(99);
  store.details["engine-1"][old.id] = old;
  start_and_settle();
  EXPECT_TRUE(run_until([&] { return store.details["engine-1"].size() == 1 && store.kept_calls == 1; }));
  EXPECT_TRUE(store.details["engine-1"].contains(image_id(1)));
}

TEST_F(watcher_events, idle_node_costs_no_call_at_all) {
  add_image(1, {"a:1"});
  start_and_settle();
  engine.send(container_event("exec_create: sh", container_id(1)));
  engine.send(container_event("health_status: healthy", container_id(1)));
  engine.send(image_event("save", image_id(1)));
  run_for(milliseconds(300));
  EXPECT_THAT(engine.names(), IsEmpty());
  EXPECT_EQ(telemetry.events[core::event_kind::container], 2);
}

TEST_F(watcher_events, lists_again_at_every_resync) {
  add_image(1);
  options.resync = milliseconds(100);
  start_and_settle();
  run_for(milliseconds(350));
  EXPECT_GE(engine.count("list_images"), 2U);
  EXPECT_LE(engine.count("list_images"), 4U);
  EXPECT_EQ(engine.count("image_details"), 0U);
}

TEST_F(watcher_events, tag_event_refreshes_that_image_alone) {
  add_image(1, {"a:1"});
  add_image(2, {"b:1"});
  start_and_settle();
  engine.images[image_id(2)].tags.push_back("b:2");
  engine.send(image_event("tag", image_id(2), "b:2"));
  ASSERT_TRUE(run_until([&] { return seen_image(2) && seen_image(2)->tags.size() == 2; }, milliseconds(1000)));
  EXPECT_THAT(engine.names(), ElementsAre("find_image " + image_id(2)));
}

TEST_F(watcher_events, events_close_together_about_one_object_are_one_call) {
  add_image(1, {"a:1"});
  start_and_settle();
  for (int i = 0; i < 20; ++i) engine.send(image_event("tag", image_id(1), "a:1"));
  run_for(milliseconds(100));
  EXPECT_THAT(engine.names(), ElementsAre("find_image " + image_id(1)));
}

TEST_F(watcher_events, pull_names_a_reference_and_takes_the_tag_from_its_old_image) {
  add_image(1, {"team/a:1"});
  start_and_settle();
  engine.images[image_id(1)].tags.clear();
  add_image(2, {"team/a:1"});
  engine.send(image_event("pull", "team/a:1", "team/a"));
  ASSERT_TRUE(run_until([&] { return seen_image(2) != nullptr; }, milliseconds(1000)));
  EXPECT_THAT(seen_image(2)->tags, ElementsAre("team/a:1"));
  EXPECT_THAT(seen_image(1)->tags, IsEmpty());
  run_for(milliseconds(50));
  EXPECT_THAT(engine.names(), ElementsAre("find_image team/a:1", "image_details " + image_id(2)));
}

TEST_F(watcher_events, new_image_is_shown_with_its_details) {
  start_and_settle();
  add_image(1, {"a:1"});
  engine.delay["image_details"] = milliseconds(50);
  engine.send(image_event("tag", image_id(1), "a:1"));
  ASSERT_TRUE(run_until([&] { return seen_image(1) != nullptr; }, milliseconds(1000)));
  EXPECT_NE(watch->current()->what().details.at(0), nullptr);
}

class digests_go_with_names : public watcher_events, public testing::WithParamInterface<const char*> {};

TEST_P(digests_go_with_names, so_the_image_that_lost_its_tag_is_looked_at_too) {
  if (GetParam() == std::string_view("containerd")) engine.identity.store = core::image_store::containerd;
  if (GetParam() == std::string_view("podman")) engine.identity.engine = "podman";
  add_image(1, {"a:1"});
  engine.images[image_id(1)].digests = {"a@" + image_id(1)};
  start_and_settle();
  engine.images[image_id(1)].tags.clear();
  engine.images[image_id(1)].digests.clear();
  add_image(2, {"a:1"});
  engine.send(image_event("tag", image_id(2), "a:1"));
  ASSERT_TRUE(run_until([&] { return seen_image(1) && seen_image(1)->digests.empty(); }, milliseconds(1000)));
  EXPECT_EQ(seen_image(1)->size, 101);  // not said anew (containerd): the known one stays
  EXPECT_EQ(engine.count("list_images"), 0U);
}

INSTANTIATE_TEST_SUITE_P(stores, digests_go_with_names, testing::Values("containerd", "podman"));

TEST_F(watcher_events, untag_that_names_the_reference_finds_its_holder) {
  add_image(1, {"a:1", "a:2"});
  start_and_settle();
  engine.images[image_id(1)].tags = {"a:2"};
  engine.send(image_event("untag", "docker.io/library/a:1", "a:1"));
  ASSERT_TRUE(run_until([&] { return seen_image(1) && seen_image(1)->tags.size() == 1; }, milliseconds(1000)));
  EXPECT_THAT(engine.names(), ElementsAre("find_image docker.io/library/a:1", "find_image " + image_id(1)));
}

TEST_F(watcher_events, parents_without_events_are_fetched_with_their_child) {
  add_image(1, {"base:1"});
  start_and_settle();
  add_image(2, {}, image_id(1));
  add_image(3, {}, image_id(2));
  add_image(4, {"built:1"}, image_id(3));
  engine.send(image_event("tag", image_id(4), "built:1"));
  ASSERT_TRUE(run_until([&] { return seen_image(2) != nullptr; }, milliseconds(1000)));
  EXPECT_EQ(watch->current()->images_by_state()[3], 2);
  EXPECT_EQ(engine.count("find_image"), 3U);
  EXPECT_EQ(engine.count("list_images"), 0U);
}

TEST_F(watcher_events, delete_event_removes_what_is_gone_and_keeps_what_is_not) {
  add_image(1, {"a:1"});
  add_image(2, {"b:1"});
  start_and_settle();
  engine.images.erase(image_id(1));
  engine.send(image_event("delete", image_id(1)));
  engine.send(image_event("delete", image_id(2).substr(7)));  // Podman: without prefix, and refused
  ASSERT_TRUE(run_until([&] { return seen_image(1) == nullptr; }, milliseconds(1000)));
  EXPECT_NE(seen_image(2), nullptr);
  EXPECT_THAT(engine.names(), UnorderedElementsAre("find_image " + image_id(1), "find_image " + image_id(2)));
}

TEST_F(watcher_events, commit_names_the_new_image) {
  add_container(1);
  start_and_settle();
  add_image(5, {"committed:1"});
  core::engine_event commit = container_event("commit", container_id(1));
  commit.image_id = image_id(5);
  engine.send(commit);
  ASSERT_TRUE(run_until([&] { return seen_image(5) != nullptr; }, milliseconds(1000)));
  EXPECT_EQ(engine.count("find_container"), 0U);
}

TEST_F(watcher_events, container_events_change_containers_and_ask_for_no_image) {
  add_image(1, {"a:1"});
  start_and_settle();
  add_container(1);
  engine.containers[container_id(1)].image_id = image_id(1);
  engine.send(container_event("create", container_id(1)));
  engine.send(container_event("start", container_id(1)));
  ASSERT_TRUE(run_until([&] { return seen_container(1) != nullptr; }, milliseconds(1000)));
  EXPECT_EQ(watch->current()->images_by_state()[0], 1);
  engine.containers.erase(container_id(1));
  engine.send(container_event("destroy", container_id(1)));
  ASSERT_TRUE(run_until([&] { return seen_container(1) == nullptr; }, milliseconds(1000)));
  EXPECT_EQ(watch->current()->images_by_state()[0], 0);
  EXPECT_THAT(engine.names(), ElementsAre("find_container " + container_id(1), "find_container " + container_id(1)));
}

TEST_F(watcher_events, container_that_still_runs_after_its_death_is_looked_at_again) {
  add_container(1);
  start_and_settle();
  engine.send(container_event("die", container_id(1)));  // Docker 20.10 says so before its listing does
  ASSERT_TRUE(run_until([&] { return engine.count("find_container") == 1; }));
  engine.containers[container_id(1)].state = exited;
  ASSERT_TRUE(run_until([&] { return seen_container(1) && seen_container(1)->state == exited; }, milliseconds(1000)));
  run_for(milliseconds(500));
  EXPECT_EQ(engine.count("find_container"), 2U);
}

TEST_F(watcher_events, event_that_does_not_say_what_it_is_about_is_one_listing) {
  start_and_settle();
  add_image(1, {"localhost/built:1"});
  engine.send(image_event("build", ""));  // Podman
  ASSERT_TRUE(run_until([&] { return seen_image(1) != nullptr; }, milliseconds(1000)));
  EXPECT_EQ(engine.count("list_images"), 1U);
  EXPECT_EQ(engine.count("find_image"), 0U);
}

TEST_F(watcher_events, change_during_a_refresh_is_looked_at_again) {
  add_image(1, {"a:1"});
  start_and_settle();
  bool sent = false;
  engine.on_answer = [&](const std::string& what) {
    if (sent || !what.starts_with("find_image")) return;
    sent = true;  // the call was under way: what it says may be older than this change
    engine.images[image_id(1)].labels = {{"k", "v"}};
    engine.send(image_event("tag", image_id(1), "a:1"));
  };
  engine.images[image_id(1)].tags.push_back("a:2");
  engine.send(image_event("tag", image_id(1), "a:2"));
  ASSERT_TRUE(run_until([&] { return engine.count("find_image") == 2; }, milliseconds(1000)));
  EXPECT_TRUE(run_until([&] { return seen_image(1) && seen_image(1)->labels.size() == 1; }, milliseconds(1000)));
}

}  // namespace
}  // namespace docksweep::test
