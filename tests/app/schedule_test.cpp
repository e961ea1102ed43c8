// What waits to be looked at, and when a listing may start: decisions without a clock of their own.
#include <gtest/gtest.h>

#include "app/backoff.hpp"
#include "app/listing_schedule.hpp"
#include "app/pulse.hpp"
#include "app/refresh_queue.hpp"

namespace docksweep::test {
namespace {

using app::expectation;
using app::listing_schedule;
using app::monotonic;
using app::object_kind;
using app::object_name;
using app::refresh_queue;
using std::chrono::milliseconds;
using std::chrono::seconds;

const monotonic::time_point start{seconds(1000)};
const object_name a{object_kind::image, "a"}, b{object_kind::container, "b"};

TEST(refresh_queue, waits_a_moment_counted_from_the_first_event) {
  refresh_queue queue(milliseconds(50), 10);
  queue.add(a, expectation::none, start);
  queue.add(a, expectation::none, start + milliseconds(40));
  EXPECT_EQ(queue.next_due(), start + milliseconds(50));
  EXPECT_FALSE(queue.take(start + milliseconds(49)));
  ASSERT_TRUE(queue.take(start + milliseconds(50)));
  EXPECT_FALSE(queue.take(start + milliseconds(50)));
  EXPECT_EQ(queue.next_due(), monotonic::time_point::max());
}

TEST(refresh_queue, event_during_a_look_means_another_look) {
  refresh_queue queue(milliseconds(50), 10);
  queue.add(a, expectation::none, start);
  const auto ticket = queue.take(start + seconds(1));
  queue.add(a, expectation::none, start + seconds(1));
  EXPECT_FALSE(queue.take(start + seconds(2))) << "never twice at a time";
  queue.finished(*ticket);
  const auto again = queue.take(start + seconds(2));
  ASSERT_TRUE(again);
  queue.finished(*again);
  EXPECT_EQ(queue.waiting() + queue.in_flight(), 0U);
}

TEST(refresh_queue, looks_again_at_what_is_not_as_expected_but_not_for_ever) {
  refresh_queue queue(milliseconds(50), 10);
  queue.add(b, expectation::stopped, start);
  auto now = start + milliseconds(50);
  milliseconds last_pause{0};
  int looks = 0;
  for (;;) {
    const auto ticket = queue.take(now);
    ASSERT_TRUE(ticket);
    EXPECT_EQ(ticket->expect, expectation::stopped);
    ++looks;
    const bool again = queue.look_again(*ticket, now);
    queue.finished(*ticket);
    if (!again) break;
    const auto pause = std::chrono::duration_cast<milliseconds>(queue.next_due() - now);
    EXPECT_GT(pause, last_pause);
    EXPECT_EQ(queue.waiting(), 0U) << "no part of a burst";
    last_pause = pause;
    now = queue.next_due();
  }
  EXPECT_EQ(looks, 5);
  EXPECT_EQ(queue.next_due(), monotonic::time_point::max());
}

TEST(refresh_queue, newest_event_says_what_to_expect) {
  refresh_queue queue(milliseconds(50), 10);
  queue.add(b, expectation::stopped, start);
  queue.add(b, expectation::none, start);  // died, and was started again
  EXPECT_EQ(queue.take(start + seconds(1))->expect, expectation::none);
}

TEST(refresh_queue, more_than_a_burst_is_a_burst_and_too_many_overflow) {
  refresh_queue queue(milliseconds(50), 3);
  for (int i = 0; i < 3; ++i) queue.add({object_kind::image, std::to_string(i)}, expectation::none, start);
  EXPECT_FALSE(queue.burst());
  queue.add(a, expectation::none, start);
  EXPECT_TRUE(queue.burst());
  for (int i = 0; i < 5000; ++i) queue.add({object_kind::image, std::to_string(i)}, expectation::none, start);
  EXPECT_LE(queue.waiting(), refresh_queue::most);
  EXPECT_TRUE(queue.overflowed());
  queue.give_way_to_listing();
  EXPECT_FALSE(queue.burst());
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST(refresh_queue, listing_takes_what_waits_but_not_what_is_under_way) {
  refresh_queue queue(milliseconds(50), 10);
  queue.add(a, expectation::none, start);
  const auto ticket = queue.take(start + seconds(1));
  queue.add(a, expectation::none, start + seconds(1));
  queue.add(b, expectation::gone, start + seconds(1));
  const auto expected = queue.give_way_to_listing();
  ASSERT_EQ(expected.size(), 1U);
  EXPECT_EQ(expected[0].object, b);
  queue.finished(*ticket);
  EXPECT_EQ(queue.take(start + seconds(2))->object, a) << "its answer may be older than its event";
}

TEST(listing_schedule, does_nothing_until_asked_then_every_resync) {
  listing_schedule schedule(seconds(300), 0.1);
  EXPECT_EQ(schedule.due(), monotonic::time_point::max());
  schedule.want(start);
  EXPECT_EQ(schedule.due(), start);
  schedule.started(start);
  EXPECT_EQ(schedule.due(), monotonic::time_point::max()) << "never two at a time";
  schedule.want(start);
  EXPECT_EQ(schedule.due(), monotonic::time_point::max());
  schedule.finished(start + seconds(1), true);
  EXPECT_EQ(schedule.due(), start + seconds(10)) << "asked for meanwhile, and a tenth of wall time";
  schedule.started(start + seconds(10));
  schedule.finished(start + seconds(11), true);
  EXPECT_EQ(schedule.due(), start + seconds(310));
  schedule.resync_every(seconds(60));
  EXPECT_EQ(schedule.due(), start + seconds(70)) << "counted from the last listing";
  schedule.resync_every(seconds(2));
  EXPECT_EQ(schedule.due(), start + seconds(20)) << "never sooner than the share allows";
}

TEST(listing_schedule, slow_listings_put_even_the_resync_off) {
  listing_schedule schedule(seconds(300), 0.1);
  schedule.want(start);
  schedule.started(start);
  schedule.finished(start + seconds(60), true);
  EXPECT_EQ(schedule.due(), start + seconds(600));
}

TEST(listing_schedule, failure_is_tried_again_after_growing_pauses) {
  listing_schedule schedule(seconds(300), 0.5);
  schedule.want(start);
  auto now = start;
  for (const int pause : {1, 2, 4, 8, 16, 30, 30}) {
    schedule.started(now);
    schedule.finished(now, false);
    EXPECT_EQ(schedule.due(), now + seconds(pause));
    now = schedule.due();
  }
  schedule.started(now);
  schedule.finished(now, true);
  EXPECT_EQ(schedule.due(), now + seconds(300));
}

TEST(listing_schedule, failures_put_a_resync_off_that_is_due_already) {
  listing_schedule schedule(seconds(60), 0.1);
  schedule.want(start);
  schedule.started(start);
  schedule.finished(start + milliseconds(5), true);
  auto now = schedule.due();
  EXPECT_EQ(now, start + seconds(60));
  for (const int pause : {1, 2, 4, 8, 16, 30, 30}) {
    schedule.started(now);
    schedule.want(now);  // an event came meanwhile
    schedule.finished(now + milliseconds(5), false);
    EXPECT_EQ(schedule.due(), now + milliseconds(5) + seconds(pause));
    now = schedule.due();
  }
  schedule.forget_failures();
  EXPECT_LE(schedule.due(), now) << "a new connection is not held to what failed on the old one";
}

TEST(listing_schedule, abandoned_one_is_made_up_for_without_a_failures_pause) {
  listing_schedule schedule(seconds(300), 0.5);
  schedule.want(start);
  schedule.started(start);
  schedule.abandoned(start + seconds(2));
  EXPECT_EQ(schedule.due(), start + seconds(4));
}

TEST(backoff, grows_to_its_limit_with_jitter_and_starts_over) {
  app::backoff pause(milliseconds(100), milliseconds(2000), 1);
  for (const int base : {100, 200, 400, 800}) {
    const auto next = pause.next();
    EXPECT_GE(next, milliseconds(base));
    EXPECT_LE(next, milliseconds(base + base / 2));
  }
  for (int i = 0; i < 100; ++i) EXPECT_LE(pause.next(), milliseconds(2000));
  pause.reset();
  EXPECT_LE(pause.next(), milliseconds(150));
}

TEST(backoff, differs_from_one_agent_to_the_next_at_every_length) {
  app::backoff one(milliseconds(100), milliseconds(15'000), 1), other(milliseconds(100), milliseconds(15'000), 2);
  int same = 0;
  for (int i = 0; i < 40; ++i) same += one.next() == other.next();
  EXPECT_LT(same, 5);
  EXPECT_GE(one.next(), milliseconds(10'000));
}

TEST(pulse, is_up_when_everything_is_fine_and_names_the_deepest_trouble) {
  using core::failure_code;
  app::pulse pulse;
  EXPECT_FALSE(pulse.health().up);
  EXPECT_TRUE(pulse.health().absent);
  EXPECT_TRUE(pulse.identified({}));
  EXPECT_FALSE(pulse.health().up) << "nothing was listed yet";
  EXPECT_FALSE(pulse.health().problem.empty());
  EXPECT_TRUE(pulse.listed({}));
  EXPECT_TRUE(pulse.health().up);
  EXPECT_FALSE(pulse.listed({})) << "nothing new";
  EXPECT_TRUE(pulse.answered(core::fail(failure_code::timeout, "slow")));
  EXPECT_TRUE(pulse.identified(core::fail(failure_code::unreachable, "gone")));
  EXPECT_EQ(pulse.health().problem, "gone");
  EXPECT_FALSE(pulse.health().absent) << "once found, never absent";
  EXPECT_FALSE(pulse.listed_one(core::fail(failure_code::cancelled, "")));
  EXPECT_TRUE(pulse.identified({}));
  EXPECT_TRUE(pulse.health().up);
  EXPECT_TRUE(pulse.another_engine());
  EXPECT_FALSE(pulse.health().up);
  EXPECT_TRUE(pulse.health().waiting) << "for its first listing, which is no fault";
}

TEST(pulse, an_engine_that_an_earlier_run_found_is_not_absent) {
  app::pulse pulse;
  EXPECT_TRUE(pulse.health().absent);
  pulse.found_before();
  pulse.identified(core::fail(core::failure_code::unreachable, "no socket"));
  EXPECT_FALSE(pulse.health().absent);
  EXPECT_FALSE(pulse.health().up);
  EXPECT_FALSE(pulse.health().waiting);
}

}  // namespace
}  // namespace docksweep::test
