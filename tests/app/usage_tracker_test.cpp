// The books of use over time: what events and views tell, loading, saving, another engine.
#include "app/usage_tracker.hpp"

#include "app/usage_frame.hpp"

namespace docksweep::tests {
namespace {

using namespace std::chrono_literals;
using core::image_origin;
using test::container_event;
using test::container_id;
using test::image_event;
using test::image_id;

class usage_tracker : public test::tracked_usage {};

TEST_F(usage_tracker, takes_everything_for_used_now_on_a_new_installation) {
  node.add_image(image_id(1), {"old:1"}).created = wall - 5 * year;  // docs 10297
  start();
  EXPECT_FALSE(tracker->ready());
  ASSERT_TRUE(run_until([&] { return tracker->ready(); }));
  show();
  ASSERT_NE(record(image_id(1)), nullptr);
  EXPECT_EQ(record(image_id(1))->last_used, wall);
  EXPECT_EQ(record(image_id(1))->first_seen, wall);
  ASSERT_TRUE(run_until([&] { return memory->image_use["engine-1"].contains(image_id(1)); }));
}

TEST_F(usage_tracker, forgets_no_use_over_a_restart) {  // k8s 119642, Nomad 26452
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  pass(100h);
  tell(image_event("tag", image_id(1), "app:1"));
  shut_down();
  pass(50h);
  start_and_see();
  EXPECT_EQ(unused_for(image_id(1)), 50h);
  EXPECT_EQ(unused_for(image_id(2)), 150h);
}

TEST_F(usage_tracker, loses_at_most_what_was_not_saved_yet_when_killed) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  pass(100h);
  tell(image_event("tag", image_id(1), "app:1"));
  ASSERT_TRUE(run_until([&] { return memory->image_use["engine-1"][image_id(1)].last_used == wall; }));
  stop();
  start_and_see();
  EXPECT_EQ(unused_for(image_id(1)), 0h);
}

TEST_F(usage_tracker, counts_a_cached_rebuild_that_only_tags) {  // docuum 320
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  pass(30h);
  tell(image_event("tag", image_id(1), "app:1"));
  EXPECT_EQ(unused_for(image_id(1)), 0h);
  EXPECT_EQ(record(image_id(1))->origin, image_origin::unknown);
}

TEST_F(usage_tracker, counts_a_pull_that_says_up_to_date) {  // docuum 137, 177, 302
  node.add_image(image_id(1), {"alpine:3.19"});
  start_and_see();
  pass(30h);
  tell(image_event("pull", "alpine:3.19", "alpine"));
  EXPECT_EQ(unused_for(image_id(1)), 0h);
  EXPECT_EQ(record(image_id(1))->origin, image_origin::unknown) << "the view may be older than the pull";
  pass(61s);
  ASSERT_TRUE(run_until([&] { return record(image_id(1))->origin == image_origin::pulled; }));
}

TEST_F(usage_tracker, gives_a_pull_to_the_image_that_it_brought_and_not_to_the_one_before) {
  node.add_image(image_id(1), {"app:latest", "app:built-here"});
  start_and_see();
  pass(30h);
  tell(image_event("pull", "app:latest", "app"));
  show();  // a view from before the tag moved
  node.add_image(image_id(2));
  node.move_tag("app:latest", image_id(2));
  pass(2s);
  show();
  EXPECT_EQ(record(image_id(2))->origin, image_origin::pulled);
  EXPECT_EQ(record(image_id(1))->origin, image_origin::unknown);
  pass(120s);
  show();
  run_for(30ms);
  EXPECT_EQ(record(image_id(1))->origin, image_origin::unknown);
}

TEST_F(usage_tracker, calls_no_image_pulled_that_took_the_name_of_a_pulled_one) {
  node.add_image(image_id(1), {"app:1", "base:1"});
  start_and_see();
  tell(image_event("pull", "app:1", "app"));
  tell(image_event("pull", "base:1", "base"));
  show();
  node.add_image(image_id(2));  // docker load moves tags without telling
  tell(image_event("load", image_id(2), image_id(2)));
  node.move_tag("app:1", image_id(2));
  show();
  EXPECT_EQ(record(image_id(2))->origin, image_origin::loaded);
  node.add_image(image_id(3));  // docker build -t
  tell(image_event("tag", image_id(3), "base:1"));
  node.move_tag("base:1", image_id(3));
  show();
  pass(200s);
  show();
  EXPECT_EQ(record(image_id(2))->origin, image_origin::loaded);
  EXPECT_EQ(record(image_id(3))->origin, image_origin::unknown);
}

TEST_F(usage_tracker, learns_where_images_came_from) {
  start_and_see();
  tell(image_event("pull", "alpine:3.19", "alpine"));
  tell(image_event("load", image_id(2), image_id(2)));
  tell(image_event("import", image_id(3), image_id(3)));
  tell(image_event("create", image_id(4), image_id(4)));
  auto commit = container_event("commit", container_id(1));
  commit.image_id = image_id(5);
  tell(commit);
  pass(40s);  // a slow engine: the images show late
  node.add_image(image_id(1), {"alpine:3.19"});
  for (int number = 2; number <= 6; ++number) node.add_image(image_id(number));
  show();
  EXPECT_EQ(record(image_id(1))->origin, image_origin::pulled);
  EXPECT_EQ(record(image_id(2))->origin, image_origin::loaded);
  EXPECT_EQ(record(image_id(3))->origin, image_origin::loaded);
  EXPECT_EQ(record(image_id(4))->origin, image_origin::built);
  EXPECT_EQ(record(image_id(5))->origin, image_origin::built);
  EXPECT_EQ(record(image_id(6))->origin, image_origin::unknown);
}

TEST_F(usage_tracker, takes_podmans_pull_for_a_use_but_for_no_proof) {
  node.add_image(image_id(1), {"docker.io/library/alpine:3.19"});
  start_and_see();
  pass(30h);
  tell(image_event("pull", "", "alpine:3.19"));  // sent for failed pulls, too
  EXPECT_EQ(unused_for(image_id(1)), 0h);
  pass(61s);
  run_for(40ms);
  EXPECT_EQ(record(image_id(1))->origin, image_origin::unknown);
  pass(30h);
  tell(image_event("pull-error", "", "alpine:3.19"));
  EXPECT_EQ(unused_for(image_id(1)), 30h);
}

TEST_F(usage_tracker, counts_a_container_that_was_gone_before_anybody_looked) {
  const std::string whole = image_id(4);
  node.add_image(image_id(1), {"docker.io/library/alpine:3.19"});
  node.add_image(image_id(2), {"127.0.0.1:5000/team/app:latest"});
  node.add_image(image_id(3)).digests = {"registry.example.com/tool@sha256:" + std::string(64, 'a')};
  node.add_image(whole);
  const std::string brief = "sha256:" + std::string(64, 'f');
  node.add_image(brief);
  node.add_image(image_id(6), {"other:1"});
  start_and_see();
  pass(30h);
  tell_short_run("alpine:3.19");
  tell_short_run("127.0.0.1:5000/team/app");
  tell_short_run("registry.example.com/tool:3@sha256:" + std::string(64, 'a'));
  tell_short_run(whole);
  tell_short_run("ffffffffffff");
  for (const auto& id : {image_id(1), image_id(2), image_id(3), whole, brief}) {
    EXPECT_EQ(unused_for(id), 0h) << id;
    EXPECT_FALSE(record(id)->in_use) << id;
  }
  EXPECT_EQ(unused_for(image_id(6)), 30h);
}

TEST_F(usage_tracker, knows_the_image_of_a_container_whose_tag_has_moved) {
  node.add_image(image_id(1), {});
  node.add_image(image_id(2), {"app:latest"});
  node.add_container(container_id(1), image_id(1), core::container_state::exited);
  start_and_see();
  pass(30h);
  // The view is older than this: it shows the container still.
  tell(container_use("destroy", "app:latest", 1));
  node.remove_container(container_id(1));
  EXPECT_EQ(unused_for(image_id(1)), 0h);
  pass(5h);
  show();
  EXPECT_FALSE(record(image_id(1))->in_use);
}

TEST_F(usage_tracker, finds_the_image_of_an_event_in_the_views_of_the_next_seconds) {
  node.add_image(image_id(1), {"app:latest"});
  start_and_see();
  pass(30h);
  tell_short_run("app:latest");  // which a build has moved just now; the view does not show it yet
  EXPECT_EQ(unused_for(image_id(1)), 0h);
  node.add_image(image_id(2), {"app:2"});
  show();
  pass(5s);
  node.move_tag("app:latest", image_id(2));
  const auto* const before = record(image_id(2));
  ASSERT_NE(before, nullptr);
  const auto seen = before->last_used;
  pass(0s);
  show();
  EXPECT_GE(record(image_id(2))->last_used, seen);
  pass(30s);  // over: who takes the name now did nothing
  node.add_image(image_id(3), {"app:3"});
  show();
  pass(10h);
  node.move_tag("app:latest", image_id(3));
  show();
  EXPECT_EQ(unused_for(image_id(3)), 10h);
}

TEST_F(usage_tracker, says_nothing_for_events_that_are_no_use) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  pass(30h);
  for (const char* const action : {"untag", "delete", "remove", "mount", "prune", "something-new"}) {
    tell(image_event(action, image_id(1), "app:1"));
  }
  for (const char* const action : {"rename", "top", "resize", "health_status: healthy", "oom"}) {
    tell(container_use(action, "app:1"));
  }
  EXPECT_EQ(unused_for(image_id(1)), 30h);
}

TEST_F(usage_tracker, is_not_ready_until_it_could_load_and_loses_nothing_meanwhile) {
  memory->image_use["engine-1"][image_id(1)] = {image_id(1), wall - 90h, wall - 80h, false, image_origin::built};
  memory->image_use["engine-1"][image_id(2)] = {image_id(2), wall - 90h, wall - 80h, false, image_origin::unknown};
  history.broken_by["load_volume_use"] = test::memory_history::no_space();
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start();
  show();
  tell_short_run("app:2");
  const auto told = wall;
  ASSERT_TRUE(run_until([&] { return history.count("load_volume_use") >= 3; }));
  EXPECT_FALSE(tracker->ready());
  EXPECT_EQ(log.count("usage_not_loaded"), 1u);
  EXPECT_EQ(history.count("save_image_use"), 0u) << "what was not read must not be overwritten";
  pass(1h);
  history.broken_by.clear();
  ASSERT_TRUE(run_until([&] { return tracker->ready(); }));
  EXPECT_EQ(unused_for(image_id(1)), 81h);
  EXPECT_EQ(record(image_id(2))->last_used, told);
}

TEST_F(usage_tracker, saves_changes_together) {
  for (int number = 0; number < 200; ++number) node.add_image(image_id(number), {"app:" + std::to_string(number)});
  options.save_every = 300ms;
  start_and_see();
  for (int number = 0; number < 200; ++number) tell_short_run("app:" + std::to_string(number));
  ASSERT_TRUE(run_until([&] { return memory->image_use["engine-1"].size() == 200; }));
  run_for(50ms);
  EXPECT_EQ(history.count("save_image_use"), 1u);
  show();
  run_for(400ms);
  EXPECT_EQ(history.count("save_image_use"), 1u) << "nothing has changed";
}

TEST_F(usage_tracker, keeps_what_could_not_be_saved_and_tries_again) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  ASSERT_TRUE(run_until([&] { return memory->image_use["engine-1"].size() == 2; }));
  history.broken_by["save_image_use"] = test::memory_history::no_space();
  pass(30h);
  tell_short_run("app:1");
  node.remove_image(image_id(2));
  show();
  const auto before = history.count("save_image_use");
  ASSERT_TRUE(run_until([&] { return history.count("save_image_use") >= before + 3; }));
  EXPECT_EQ(log.count("usage_not_saved"), 1u);
  EXPECT_EQ(memory->image_use["engine-1"].size(), 2u);
  history.broken_by.clear();
  ASSERT_TRUE(run_until([&] { return memory->image_use["engine-1"].size() == 1; }));
  EXPECT_EQ(memory->image_use["engine-1"][image_id(1)].last_used, wall);
}

TEST_F(usage_tracker, saves_what_was_on_its_way_when_it_was_cancelled) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  history.on_call = [&](const std::string& call) {
    if (call == "save_image_use") throw boost::system::system_error(boost::asio::error::operation_aborted);
  };
  ASSERT_TRUE(run_until([&] { return ended; }));
  EXPECT_EQ(failed, nullptr);
  history.on_call = nullptr;
  EXPECT_TRUE(memory->image_use["engine-1"].empty());
  shut_down();
  EXPECT_TRUE(memory->image_use["engine-1"].contains(image_id(1)));
  ASSERT_TRUE(memory->mark.has_value());
}

TEST_F(usage_tracker, keeps_a_book_for_each_engine) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  pass(10h);
  tell_short_run("app:1");
  tracker->follow("engine-2");
  EXPECT_FALSE(tracker->ready());
  EXPECT_EQ(record(image_id(1)), nullptr);
  show();  // a late view of the first engine
  ASSERT_TRUE(run_until([&] { return tracker->ready(); }));
  show();
  EXPECT_EQ(record(image_id(1)), nullptr);
  ASSERT_TRUE(run_until([&] { return memory->image_use["engine-1"][image_id(1)].last_used == wall; }));
  pass(10h);
  tracker->follow("engine-1");
  ASSERT_TRUE(run_until([&] { return tracker->ready(); }));
  show();
  EXPECT_EQ(unused_for(image_id(1)), 10h);
  EXPECT_TRUE(memory->image_use["engine-2"].empty());
}

TEST_F(usage_tracker, keeps_a_book_of_volumes) {
  node.what.disk.emplace();
  node.what.disk->made_at = wall;
  node.what.disk->volumes.push_back({"data", "local", false, {}, {}, {}, {}});
  start_and_see();
  ASSERT_NE(tracker->usage().volumes.find("data"), nullptr);
  ASSERT_TRUE(run_until([&] { return memory->volume_use["engine-1"].contains("data"); }));
  pass(40h);
  shut_down();
  start_and_see();
  EXPECT_EQ(tracker->usage().volumes.find("data")->last_used, wall - 40h);
}

TEST_F(usage_tracker, grows_its_revision_with_what_readers_may_see) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  const auto seen = tracker->revision();
  run_for(50ms);
  EXPECT_EQ(tracker->revision(), seen);
  tell_short_run("app:1");
  ASSERT_TRUE(run_until([&] { return tracker->revision() > seen; }));
}

}  // namespace
}  // namespace docksweep::tests
