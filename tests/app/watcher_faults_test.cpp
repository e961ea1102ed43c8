// The watcher on an engine that misbehaves: hangs, dies, comes back as another one; and that its own end is prompt.
#include <gmock/gmock.h>
#include <malloc.h>

#include "app/fakes.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define DOCKSWEEP_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DOCKSWEEP_SANITIZED
#endif
#endif
#ifdef DOCKSWEEP_SANITIZED
#include <sanitizer/allocator_interface.h>
#endif

namespace docksweep::test {
namespace {

using core::failure_code;
using testing::HasSubstr;

class watcher_faults : public watched_engine {};

// What the heap has handed out and not got back.
std::size_t bytes_in_use() {
#ifdef DOCKSWEEP_SANITIZED
  return __sanitizer_get_current_allocated_bytes();
#else
  return ::mallinfo2().uordblks;
#endif
}

const core::failure refused{failure_code::unreachable, "nobody answers at /run/docker.sock", 0};

TEST_F(watcher_faults, engine_that_was_never_there_is_absent_and_found_later) {
  for (int i = 0; i < 4; ++i) engine.failures["identify"].push_back(refused);
  start();
  ASSERT_TRUE(run_until([&] { return engine.count("identify") == 2; }));
  EXPECT_TRUE(watch->health().absent);
  EXPECT_FALSE(watch->health().up);
  EXPECT_THAT(watch->health().problem, HasSubstr("/run/docker.sock"));
  EXPECT_EQ(watch->current(), nullptr);
  ASSERT_TRUE(run_until([&] { return watch->health().up; }));
  EXPECT_FALSE(watch->health().absent);
}

TEST_F(watcher_faults, lost_stream_is_repaired_with_a_listing) {
  add_image(1, {"a:1"});
  start_and_settle();
  add_image(2, {"b:1"});  // its event is lost
  engine.cut_stream();
  ASSERT_TRUE(run_until([&] { return seen_image(2) != nullptr; }, milliseconds(1000)));
  EXPECT_EQ(engine.names().at(0), "identify");
  EXPECT_EQ(engine.names().at(1), "follow_events");
  EXPECT_EQ(engine.names().at(2), "list_images");
  EXPECT_EQ(engine.count("list_images"), 1U);
  EXPECT_TRUE(watch->health().up);
  EXPECT_EQ(log.count("events_lost"), 1U);
}

TEST_F(watcher_faults, engine_that_goes_is_noticed_at_once_and_keeps_its_view) {
  add_image(1, {"a:1"});
  start_and_settle();
  const auto revision = watch->revision();
  for (int i = 0; i < 5; ++i) engine.failures["identify"].push_back(refused);
  engine.cut_stream();
  ASSERT_TRUE(run_until([&] { return !watch->health().up; }));
  EXPECT_EQ(engine.count("identify"), 1U) << "the first failure is noticed";
  EXPECT_GT(watch->revision(), revision);
  EXPECT_FALSE(watch->health().absent);
  EXPECT_NE(watch->current(), nullptr);
  ASSERT_TRUE(run_until([&] { return watch->health().up; }, milliseconds(2000)));
  EXPECT_EQ(engine.count("identify"), 6U);
}

TEST_F(watcher_faults, engine_that_refuses_its_events_is_listed_at_every_resync) {
  options.resync = milliseconds(150);
  for (int i = 0; i < 100; ++i)
    engine.failures["follow_events"].push_back({failure_code::refused, "forbidden by the proxy", 403});
  add_image(1, {"a:1"});
  start();
  ASSERT_TRUE(run_until([&] { return watch->health().up && watch->current(); }, milliseconds(1000)));
  ASSERT_TRUE(run_until([&] { return watch->current()->what().details.at(0) != nullptr; }, milliseconds(1500)));
  add_image(2, {"b:1"});
  ASSERT_TRUE(run_until([&] { return seen_image(2) != nullptr; }, milliseconds(1000)));
  EXPECT_LE(engine.count("list_images"), 10U);
}

// Podman with events_logger = "none" accepts the subscription and ends it at once.
TEST_F(watcher_faults, engine_whose_stream_ends_before_anything_is_listed_is_listed_at_every_resync) {
  options.resync = milliseconds(400);
  engine.delay["list_images"] = milliseconds(20);
  engine.stream_lasts = milliseconds(2);
  add_image(1, {"a:1"});
  start();
  ASSERT_TRUE(run_until([&] { return watch->health().up && watch->current(); }, milliseconds(3000)));
  EXPECT_NE(seen_image(1), nullptr);
  add_image(2, {"b:1"});
  ASSERT_TRUE(run_until([&] { return seen_image(2) != nullptr; }, milliseconds(2000)));
  engine.calls.clear();
  run_for(milliseconds(1000));
  EXPECT_LE(engine.count("list_images"), 4U) << "more than the resyncs ask for";
}

TEST_F(watcher_faults, view_is_withdrawn_three_resyncs_after_the_last_answer_not_after_the_last_listing) {
  options.resync = milliseconds(150);
  options.check_answers = milliseconds(20);
  add_image(1);
  start_and_settle();
  engine.hangs["list_images"] = true;  // from here on nothing is listed, and the engine answers all the same
  run_for(milliseconds(600));
  ASSERT_TRUE(watch->health().up);
  ASSERT_NE(watch->current(), nullptr);
  for (int i = 0; i < 100; ++i) engine.failures["identify"].push_back(refused);
  for (int i = 0; i < 100; ++i) engine.failures["check_answers"].push_back(refused);
  engine.cut_stream();
  ASSERT_TRUE(run_until([&] { return !watch->health().up; }, milliseconds(300)));
  run_for(milliseconds(250));
  EXPECT_NE(watch->current(), nullptr) << "it answered a moment ago";
  ASSERT_TRUE(run_until([&] { return watch->current() == nullptr; }, milliseconds(1000)));
}

TEST_F(watcher_faults, image_without_a_size_gets_it_from_a_listing) {
  engine.identity.store = core::image_store::containerd;  // tells sizes in listings alone
  start_and_settle();
  add_image(1);
  engine.send(image_event("pull", image_id(1)));
  ASSERT_TRUE(run_until([&] { return seen_image(1) != nullptr; }, milliseconds(1000)));
  ASSERT_TRUE(run_until([&] { return seen_image(1)->size == 101; }, milliseconds(1000)));
  EXPECT_EQ(engine.count("list_images"), 1U);
}

TEST_F(watcher_faults, image_that_is_there_although_its_details_are_not_found_is_no_endless_loop) {
  add_image(1);
  engine.odd["image_details " + image_id(1)] = {failure_code::not_found, "No such image", 404};
  start();
  run_for(milliseconds(400));
  EXPECT_EQ(engine.count("image_details"), 1U);
  EXPECT_EQ(engine.count("find_image"), 1U);
  EXPECT_NE(seen_image(1), nullptr);
}

TEST_F(watcher_faults, hung_engine_is_noticed_although_its_stream_is_open) {
  options.check_answers = milliseconds(100);
  options.check_deadline = milliseconds(80);
  start_and_settle();
  engine.hangs["check_answers"] = true;
  ASSERT_TRUE(run_until([&] { return !watch->health().up; }));
  EXPECT_EQ(engine.count("check_answers"), 1U) << "the first check is enough";
  EXPECT_THAT(watch->health().problem, HasSubstr("80 ms"));
  engine.hangs["check_answers"] = false;
  engine.calls.clear();
  ASSERT_TRUE(run_until([&] { return watch->health().up; }, milliseconds(1000)));
  // The stream may have been dead as well: it is opened anew, and everything listed.
  ASSERT_TRUE(run_until([&] { return engine.count("list_images") == 1; }, milliseconds(1000)));
  EXPECT_EQ(engine.count("follow_events"), 1U);
}

TEST_F(watcher_faults, engine_that_answers_but_cannot_list_is_not_up) {
  options.check_lists = milliseconds(50);
  start_and_settle();
  engine.failures["check_lists"].push_back({failure_code::timeout, "no list within 5 s", 0});
  ASSERT_TRUE(run_until([&] { return !watch->health().up; }, milliseconds(500)));
  ASSERT_TRUE(run_until([&] { return watch->health().up; }, milliseconds(500)));
}

TEST_F(watcher_faults, failed_listing_is_tried_again_and_shows_in_the_health) {
  add_image(1);
  engine.failures["list_containers"].push_back({failure_code::timeout, "the list hangs", 0});
  start();
  ASSERT_TRUE(run_until([&] { return log.count("listing_failed") == 1; }));
  EXPECT_FALSE(watch->health().up);
  EXPECT_THAT(watch->health().problem, HasSubstr("the list hangs"));
  EXPECT_EQ(watch->current(), nullptr);
  ASSERT_TRUE(run_until([&] { return watch->health().up && watch->current(); }, milliseconds(3000)));
}

TEST_F(watcher_faults, old_view_without_an_answer_is_withdrawn_and_comes_back) {
  options.resync = milliseconds(300);
  options.check_answers = milliseconds(20);
  add_image(1);
  start_and_settle();
  for (int i = 0; i < 100; ++i) engine.failures["identify"].push_back(refused);
  engine.cut_stream();
  ASSERT_TRUE(run_until([&] { return !watch->health().up; }));
  EXPECT_NE(watch->current(), nullptr);
  ASSERT_TRUE(run_until([&] { return watch->current() == nullptr; }));
  engine.failures["identify"].clear();
  ASSERT_TRUE(run_until([&] { return watch->current() != nullptr; }, milliseconds(1000)));
}

TEST_F(watcher_faults, another_engine_has_none_of_the_old_ones_images) {
  add_image(1, {"a:1"});
  start_and_settle();
  engine.identity.id = "engine-2";
  engine.images.clear();
  add_image(1, {"c:1"});  // the same image is there, too, but what is known of it is that engine's
  core::image_details known;
  known.id = image_id(1);
  known.platform = "linux/riscv64";
  known.listed_size = 101;
  store.details["engine-2"][known.id] = known;
  engine.delay["list_images"] = milliseconds(50);
  engine.cut_stream();
  ASSERT_TRUE(run_until([&] { return watch->current() == nullptr; }, milliseconds(500)));
  ASSERT_TRUE(run_until([&] { return watch->current() != nullptr; }, milliseconds(500)));
  EXPECT_EQ(seen_image(1)->tags, std::vector<std::string>{"c:1"});
  EXPECT_EQ(watch->current()->what().details.at(0)->platform, "linux/riscv64");
  EXPECT_EQ(engine.count("image_details"), 0U);
  EXPECT_EQ(watch->engine_found().id, "engine-2");
}

struct moved {
  std::string name;
  void (*to)(core::engine_identity&);
};
const moved moves[] = {
    {"store", [](core::engine_identity& who) { who.store = core::image_store::containerd; }},
    {"driver", [](core::engine_identity& who) { who.storage_driver = "vfs"; }},
    {"root", [](core::engine_identity& who) { who.root_dir = "/data/docker"; }},
};

class watcher_moves : public watched_engine, public testing::WithParamInterface<moved> {};
INSTANTIATE_TEST_SUITE_P(all, watcher_moves, testing::ValuesIn(moves), [](const auto& row) { return row.param.name; });

// Restarted by its administrator with other storage, an engine keeps its ID and none of what it had.
TEST_P(watcher_moves, engine_with_other_storage_has_none_of_its_old_figures) {
  add_image(1, {"a:1"});
  engine.usage.images_bytes = 4711;
  start_and_settle();
  ASSERT_TRUE(run_until([&] {
    return watch->current()->what().disk && store.usage.contains("engine-1") && !store.details["engine-1"].empty();
  }));
  GetParam().to(engine.identity);
  engine.usage.images_bytes = 5;
  engine.images[image_id(1)].size = 7;  // the driver's doing: what its layers took elsewhere says nothing
  engine.details[image_id(1)].history_sizes = {7};
  engine.calls.clear();
  engine.delay["list_images"] = milliseconds(50);
  engine.cut_stream();
  ASSERT_TRUE(run_until([&] { return watch->current() == nullptr; }, milliseconds(500)));
  ASSERT_TRUE(run_until([&] { return watch->current() != nullptr; }, milliseconds(500)));
  const auto& first = watch->current()->what();
  EXPECT_TRUE(!first.disk || first.disk->images_bytes == 5);
  ASSERT_TRUE(run_until(
      [&] {
        const auto& now = watch->current()->what();
        return now.disk && now.details.at(0) && now.details.at(0)->history_sizes.at(0) == 7;
      },
      milliseconds(1000)));
  EXPECT_EQ(watch->current()->what().disk->images_bytes, 5);
  EXPECT_EQ(engine.count("disk_usage"), 1U);
}

TEST_P(watcher_moves, disk_usage_of_an_earlier_run_counts_for_the_storage_that_it_was_of) {
  engine.usage.images_bytes = 4711;
  start_and_settle();
  ASSERT_TRUE(run_until([&] { return store.usage.contains("engine-1"); }));
  stop();
  ended = false;
  GetParam().to(engine.identity);
  engine.usage.images_bytes = 5;
  start();
  ASSERT_TRUE(run_until([&] { return watch->current() && watch->current()->what().disk; }, milliseconds(1000)));
  EXPECT_EQ(watch->current()->what().disk->images_bytes, 5);
}

TEST_F(watcher_faults, upgraded_engine_is_negotiated_with_again) {
  start_and_settle();
  engine.failures["list_images"].push_back({failure_code::too_old, "client version 1.41 is too old", 400});
  engine.identity.api_version = "1.52";
  watch->request_resync();
  ASSERT_TRUE(run_until([&] { return watch->current() && watch->current()->what().engine.api_version == "1.52"; },
                        milliseconds(3000)));
  EXPECT_EQ(engine.count("identify"), 1U);
}

TEST_F(watcher_faults, one_image_without_readable_details_stops_nothing) {
  for (int i = 0; i < 10; ++i) add_image(i);
  engine.odd["image_details " + image_id(3)] = {failure_code::engine_error, "unexpected end of JSON input", 500};
  options.resync = milliseconds(200);
  start();
  ASSERT_TRUE(run_until([&] { return watch->current() && engine.count("image_details") == 10; }));
  ASSERT_TRUE(run_until([&] { return std::ranges::count(watch->current()->what().details, nullptr) == 1; },
                        milliseconds(2000)));
  EXPECT_EQ(watch->current()->what().details.at(3), nullptr);
  EXPECT_TRUE(watch->health().up);
  EXPECT_FALSE(watch->current()->layers().exact());
  engine.odd.clear();
  ASSERT_TRUE(run_until([&] { return watch->current()->what().details.at(3) != nullptr; }, milliseconds(2000)))
      << "asked again at a resync";
}

TEST_F(watcher_faults, store_that_fails_costs_nothing_but_a_warning) {
  store.broken = core::failure{failure_code::storage, "database or disk is full", 0};
  add_image(1);
  add_image(2);
  start_and_settle();
  run_for(milliseconds(400));
  EXPECT_TRUE(watch->health().up);
  EXPECT_EQ(log.count("details_not_saved"), 1U);
}

TEST_F(watcher_faults, disk_usage_is_asked_alone_slowly_and_kept) {
  options.disk_usage = milliseconds(200);
  engine.usage.images_bytes = 4711;
  engine.delay["disk_usage"] = milliseconds(50);
  start_and_settle();
  ASSERT_TRUE(run_until([&] { return watch->current()->what().disk.has_value(); }, milliseconds(1000)));
  EXPECT_EQ(watch->current()->what().disk->images_bytes, 4711);
  engine.failures["disk_usage"].push_back(
      {failure_code::engine_error, "a disk usage operation is already running", 500});
  ASSERT_TRUE(run_until([&] { return log.count("disk_usage_failed") == 1; }, milliseconds(1000)));
  EXPECT_EQ(watch->current()->what().disk->images_bytes, 4711) << "the last one stays";
  engine.usage.images_bytes = 4712;
  ASSERT_TRUE(run_until([&] { return watch->current()->what().disk->images_bytes == 4712; }, milliseconds(1000)));
  EXPECT_EQ(store.usage["engine-1"].images_bytes, 4712);
}

TEST_F(watcher_faults, recent_disk_usage_of_an_earlier_run_is_not_asked_again) {
  store.usage["engine-1"].images_bytes = 5;
  store.usage["engine-1"].made_at = std::chrono::system_clock::now() - std::chrono::seconds(30);
  start_and_settle();
  run_for(milliseconds(100));
  EXPECT_EQ(engine.count("disk_usage"), 0U);
  ASSERT_TRUE(watch->current()->what().disk.has_value());
  EXPECT_EQ(watch->current()->what().disk->images_bytes, 5);
}

TEST_F(watcher_faults, end_is_prompt_whatever_hangs) {
  for (const char* const call :
       {"identify", "follow_events", "list_images", "image_details", "disk_usage", "check_answers"}) {
    watched_engine::SetUp();
    engine.hangs.clear();
    engine.hangs[call] = true;
    engine.calls.clear();
    ended = false;
    options.check_answers = milliseconds(5);
    add_image(1);
    store.details.clear();
    store.usage.clear();
    start();
    ASSERT_TRUE(run_until([&] { return engine.count(call) > 0; }, milliseconds(1000))) << call;
    run_for(milliseconds(20));
    EXPECT_LT(stop(), milliseconds(200)) << call;
    EXPECT_EQ(engine.in_flight, 0) << call;
  }
}

TEST_F(watcher_faults, nothing_grows_over_many_refreshes) {
  for (int i = 0; i < 100; ++i) add_image(i, {"a:" + std::to_string(i)});
  options.listing_share = 1.0;
  start_and_settle();
  const auto refresh = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      const auto listed = engine.count("list_containers");
      const std::string id = image_id(round % 100);
      watch->request_resync();
      engine.send(image_event("tag", id, "a:1"));
      engine.send(container_event("die", container_id(round)));
      ASSERT_TRUE(run_until([&] { return engine.count("list_containers") > listed; }, milliseconds(1000)));
      if (engine.calls.size() > 500) engine.calls.clear();
    }
    run_for(milliseconds(700));
    engine.calls = std::vector<fake_call>();
    log.events = std::vector<std::string>();
  };
  refresh(200);
  const std::size_t before = bytes_in_use();
  refresh(600);
  const std::size_t after = bytes_in_use();
  EXPECT_LE(after, before + 4096) << "from " << before;
  EXPECT_EQ(watch->current()->what().images.size(), 100U);
}

}  // namespace
}  // namespace docksweep::test
