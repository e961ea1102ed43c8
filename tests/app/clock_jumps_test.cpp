// Last use on clocks that jump: nothing becomes old by a jump forward, nothing is protected for ever by one back.
#include "app/clock_jumps.hpp"

#include "app/usage_frame.hpp"

namespace docksweep::tests {
namespace {

using namespace std::chrono_literals;
using test::image_event;
using test::image_id;

class clock_jumps : public test::tracked_usage {};

TEST_F(clock_jumps, forward_by_five_years_make_nothing_old) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  pass(3h);
  tell_short_run("app:2");
  EXPECT_EQ(unused_for(image_id(1)), 3h);
  jump(5 * year);
  EXPECT_EQ(unused_for(image_id(1)), 3h);
  EXPECT_EQ(unused_for(image_id(2)), 0h);
  EXPECT_EQ(log.count("clock_jumped"), 1u);
  ASSERT_TRUE(run_until([&] { return memory->mark && memory->mark->wall == wall; }));
  EXPECT_EQ(memory->image_use["engine-1"][image_id(1)].last_used, wall - 3h);
  stop();
  start_and_see();
  EXPECT_EQ(unused_for(image_id(1)), 3h);
  EXPECT_EQ(log.count("clock_jumped"), 1u) << "it was told, and saved";
}

TEST_F(clock_jumps, back_by_five_years_protect_nothing_for_ever) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  pass(30h);
  jump(-5 * year);
  EXPECT_EQ(unused_for(image_id(1)), 30h);
  pass(30h);
  EXPECT_EQ(unused_for(image_id(1)), 60h);
  shut_down();
  start_and_see();
  EXPECT_EQ(unused_for(image_id(1)), 60h);
}

TEST_F(clock_jumps, are_noticed_while_nothing_happens) {
  start_and_see();
  jump(2h);
  ASSERT_TRUE(run_until([&] { return log.count("clock_jumped") == 1; }));
  run_for(50ms);
  EXPECT_EQ(log.count("clock_jumped"), 1u);
}

TEST_F(clock_jumps, of_a_few_seconds_are_none_until_they_add_up) {
  start_and_see();
  for (int step = 0; step < 3; ++step) {
    jump(9s);
    run_for(30ms);
  }
  EXPECT_EQ(log.count("clock_jumped"), 0u);
  jump(9s);
  ASSERT_TRUE(run_until([&] { return log.count("clock_jumped") == 1; }));
}

TEST_F(clock_jumps, count_no_time_that_really_passed) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  pass(year);  // asleep: the boot clock runs on
  EXPECT_EQ(unused_for(image_id(1)), std::chrono::hours(year));
  EXPECT_EQ(log.count("clock_jumped"), 0u);
}

TEST_F(clock_jumps, while_no_agent_ran_are_known_by_the_boot_clock) {
  for (const auto by : {5 * year, -5 * year}) {
    memory = std::make_shared<test::history_memory>();
    history.memory = memory;
    node = {};
    node.add_image(image_id(1), {"app:1"});
    start_and_see();
    pass(3h);
    shut_down();
    pass(1h);
    jump(by);
    start_and_see();
    EXPECT_EQ(unused_for(image_id(1)), 4h);
    ASSERT_TRUE(run_until([&] { return memory->image_use["engine-1"][image_id(1)].last_used == wall - 4h; }));
    shut_down();
    start_and_see();
    EXPECT_EQ(unused_for(image_id(1)), 4h) << "moved once, not twice";
    shut_down();
  }
  EXPECT_EQ(log.count("clock_jumped"), 2u);
}

TEST_F(clock_jumps, at_a_boot_without_a_clock_make_nothing_old) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  pass(100h);
  shut_down();
  const auto today = wall + 2h;
  boot_id = "boot-2";
  boot = 20s;
  wall = core::instant(20s);  // 1970
  start_and_see();
  EXPECT_EQ(unused_for(image_id(1)), 0h) << "used in the future: now";
  pass(5min);
  wall = today;  // NTP found the time
  EXPECT_EQ(unused_for(image_id(1)), 0h);
  EXPECT_EQ(record(image_id(1))->last_used, wall - 5min);
  pass(100h);
  EXPECT_EQ(unused_for(image_id(1)), 100h);
}

TEST_F(clock_jumps, before_the_books_are_loaded_are_not_counted_twice) {
  for (const auto by : {5 * year, -5 * year}) {
    memory = std::make_shared<test::history_memory>();
    history.memory = memory;
    memory->image_use["engine-1"][image_id(1)] = {image_id(1), wall - 50h, wall - 40h, false, {}};
    memory->image_use["engine-1"][image_id(2)] = {image_id(2), wall - 50h, wall - 40h, false, {}};
    memory->mark = app::history::clock_mark{boot_id, wall, boot};
    history.broken_by["load_image_use"] = test::memory_history::no_space();
    node = {};
    node.add_image(image_id(1), {"app:1"});
    node.add_image(image_id(2), {"app:2"});
    start();
    show();
    tell_short_run("app:2");
    jump(by);
    const auto told = log.count("clock_jumped");
    ASSERT_TRUE(run_until([&] { return log.count("clock_jumped") > told; }));
    run_for(50ms);
    EXPECT_NE(memory->mark->wall, wall) << "the records have not moved yet";
    history.broken_by.clear();
    ASSERT_TRUE(run_until([&] { return tracker->ready(); }));
    EXPECT_EQ(unused_for(image_id(1)), 40h);
    EXPECT_EQ(record(image_id(2))->last_used, wall) << "what was told before the jump moves along";
    stop();
  }
}

TEST_F(clock_jumps, that_a_crash_leaves_half_saved_err_towards_used_just_now) {
  for (const auto by : {5 * year, -5 * year}) {
    memory = std::make_shared<test::history_memory>();
    history.memory = memory;
    history.broken_by.clear();
    node = {};
    node.add_image(image_id(1), {"app:1"});
    start_and_see();
    pass(3h);
    ASSERT_TRUE(run_until([&] { return memory->mark && memory->image_use["engine-1"].size() == 1; }));
    run_for(50ms);
    // The second of the two saves does not happen.
    history.broken_by[by > 0h ? "save_clock_mark" : "save_image_use"] = test::memory_history::no_space();
    jump(by);
    const auto saves = history.calls.size();
    ASSERT_TRUE(run_until([&] { return history.calls.size() >= saves + 2; }));
    stop();
    history.broken_by.clear();
    start_and_see();
    EXPECT_EQ(unused_for(image_id(1)), 0h);
    stop();
  }
}

TEST(boot_clock, is_the_machines_own_where_no_other_is_given) {
  const auto machine = app::machine_clocks();
  EXPECT_EQ(machine.boot_id.size(), 36u);
  const auto first = app::boot_now(machine);
  EXPECT_GT(first, 0ns);
  EXPECT_GE(app::boot_now(machine), first);
}

}  // namespace
}  // namespace docksweep::tests
