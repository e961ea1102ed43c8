// What triggers and books remember: pause, policies, shadows, last uses, the clock; and what two processes that write
// one file see of each other.
#include <gmock/gmock.h>

#include "store/state_fixture.hpp"

namespace docksweep::test {
namespace {

using store::open_mode;
using testing::HasSubstr;

class memory : public state_fixture {};

core::use_record used(int number, core::image_origin origin = core::image_origin::pulled) {
  return {digest_of(number), at_second(number), at_second(number + 5), number % 2 == 0, origin};
}

std::vector<core::use_record> in_order(std::vector<core::use_record> records) {
  std::ranges::sort(records, {}, &core::use_record::id);
  return records;
}

TEST_F(memory, pause_is_there_until_it_is_taken_away) {
  auto agent = open();
  EXPECT_EQ(get(agent->load_pause()), std::nullopt);
  const core::pause_state forever{at_second(1), std::nullopt, "release day", "alice"};
  get(agent->save_pause(forever));
  const core::pause_state an_hour{at_second(2), at_second(3602), "", "bob"};
  EXPECT_EQ(get(agent->load_pause()), forever);
  get(agent->save_pause(an_hour));
  agent = open();
  EXPECT_EQ(get(agent->load_pause()), an_hour);
  get(agent->save_pause(std::nullopt));
  EXPECT_EQ(get(agent->load_pause()), std::nullopt);
}

TEST_F(memory, pause_cannot_be_saved_by_who_only_reads) {
  auto agent = open();
  get(agent->save_pause(core::pause_state{at_second(1), {}, "r", "a"}));
  auto command = open(open_mode::read_only);
  const auto saved = attempt(command->save_pause(std::nullopt));
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, core::failure_code::storage);
  EXPECT_THAT(saved.error().message, HasSubstr("read only"));
  EXPECT_THAT(saved.error().message, HasSubstr(path));
  EXPECT_TRUE(get(command->load_pause()));
}

TEST_F(memory, policies_are_kept_for_each_engine) {
  auto agent = open();
  const core::policy_memory one{"nightly", at_second(1), std::nullopt, at_second(0), std::nullopt};
  const core::policy_memory two{"pressure", at_second(1), at_second(2), std::nullopt, at_second(3)};
  get(agent->save_policy("e", one));
  get(agent->save_policy("e", two));
  get(agent->save_policy("other", two));
  agent = open();
  EXPECT_EQ(get(agent->load_policies("e")),
            (std::map<std::string, core::policy_memory>{{"nightly", one}, {"pressure", two}}));
  EXPECT_EQ(get(agent->load_policies("other")).size(), 1U);
  EXPECT_TRUE(get(agent->load_policies("none")).empty());
}

TEST_F(memory, of_what_two_processes_know_about_a_policy_the_newest_stays) {
  auto agent = open();
  auto command = open();
  get(agent->save_policy("e", {"p", at_second(1), at_second(2), at_second(3), at_second(2)}));
  get(command->save_policy("e", {"p", at_second(10), at_second(11), std::nullopt, std::nullopt}));
  get(agent->save_policy("e", {"p", at_second(1), at_second(2), at_second(20), at_second(2)}));
  EXPECT_EQ(get(agent->load_policies("e")).at("p"),
            (core::policy_memory{"p", at_second(10), at_second(11), at_second(20), at_second(2)}));
}

TEST_F(memory, moment_from_a_clock_that_was_wrong_gives_way) {
  auto agent = open();
  const core::instant future = std::chrono::system_clock::now() + std::chrono::hours(24 * 365);
  get(agent->save_policy("e", {"p", future, future, future, future}));
  const core::policy_memory right{"p", at_second(1), at_second(2), at_second(3), at_second(4)};
  get(agent->save_policy("e", right));
  EXPECT_EQ(get(agent->load_policies("e")).at("p"), right);
}

TEST_F(memory, shadows_are_added_renewed_and_forgotten) {
  auto agent = open();
  const auto load = [&](std::int64_t since) {
    auto shadows = get(agent->load_shadows("e", at_second(since)));
    std::ranges::sort(shadows, {}, [](const auto& one) { return one.policy + one.image_id; });
    return shadows;
  };
  const core::shadow_removal a{"p", digest_of(1), {"a:1", "a:2"}, at_second(1)};
  const core::shadow_removal b{"p", digest_of(2), {}, at_second(1)};
  const core::shadow_removal c{"q", digest_of(1), {"a:1"}, at_second(1)};
  get(agent->save_shadows("e", {a, b, c}));
  get(agent->save_shadows("other", {a}));
  EXPECT_EQ(load(0), (std::vector{a, b, c}));
  core::shadow_removal renewed = a;
  renewed.at = at_second(50);
  get(agent->save_shadows("e", {renewed}));
  agent = open();
  EXPECT_EQ(load(0), (std::vector{renewed, b, c}));
  EXPECT_EQ(load(2), std::vector{renewed});
  get(agent->forget_shadow("e", "p", digest_of(1)));
  EXPECT_EQ(load(0), (std::vector{b, c}));
  EXPECT_EQ(get(agent->load_shadows("other", at_second(0))).size(), 1U);
}

TEST_F(memory, uses_of_images_and_volumes_are_kept_apart_and_for_each_engine) {
  auto agent = open();
  const core::use_record volume{"data", at_second(1), at_second(2), true, core::image_origin::unknown};
  get(agent->save_image_use("e", {{used(1), used(2, core::image_origin::built)}, {}}));
  get(agent->save_volume_use("e", {{volume}, {}}));
  get(agent->save_image_use("other", {{used(3)}, {}}));
  agent = open();
  EXPECT_EQ(in_order(get(agent->load_image_use("e"))), (std::vector{used(1), used(2, core::image_origin::built)}));
  EXPECT_EQ(get(agent->load_volume_use("e")), std::vector{volume});
  EXPECT_EQ(get(agent->load_image_use("other")), std::vector{used(3)});
  core::use_record again = used(1);
  again.last_used = at_second(99);
  get(agent->save_image_use("e", {{again}, {digest_of(2), "data"}}));
  EXPECT_EQ(get(agent->load_image_use("e")), std::vector{again});
  EXPECT_EQ(get(agent->load_volume_use("e")), std::vector{volume});
  get(agent->save_image_use("e", {}));
}

TEST_F(memory, ten_thousand_uses_load_quickly) {
  auto agent = open();
  core::use_book::changes changes;
  for (int i = 0; i < 10'000; ++i) changes.records.push_back(used(i));
  get(agent->save_image_use("e", changes));
  agent = open();
  const auto began = std::chrono::steady_clock::now();
  const auto loaded = get(agent->load_image_use("e"));
  const auto took = std::chrono::steady_clock::now() - began;
  RecordProperty("load_us", static_cast<int>(took / std::chrono::microseconds(1)));
  EXPECT_EQ(in_order(loaded), in_order(changes.records));
  EXPECT_LT(took, std::chrono::seconds(5));
}

TEST_F(memory, read_only_store_loads_all_of_it_and_drops_what_is_saved) {
  auto agent = open();
  get(agent->save_image_use("e", {{used(1)}, {}}));
  get(agent->save_policy("e", {"p", at_second(1), {}, {}, {}}));
  auto command = open(open_mode::read_only);
  get(command->save_image_use("e", {{used(2)}, {digest_of(1)}}));
  get(command->save_volume_use("e", {{used(2)}, {}}));
  get(command->save_policy("e", {"q", at_second(1), {}, {}, {}}));
  get(command->save_shadows("e", {{"p", "i", {}, at_second(1)}}));
  get(command->forget_shadow("e", "p", "i"));
  get(command->save_clock_mark({"boot", at_second(1), std::chrono::seconds(1)}));
  EXPECT_EQ(get(command->load_image_use("e")), std::vector{used(1)});
  EXPECT_EQ(get(agent->load_policies("e")).size(), 1U);
  EXPECT_TRUE(get(agent->load_volume_use("e")).empty());
  EXPECT_TRUE(get(agent->load_shadows("e", at_second(0))).empty());
  EXPECT_FALSE(get(agent->load_clock_mark()));
}

TEST_F(memory, clock_mark_is_the_newest_one) {
  auto agent = open();
  EXPECT_FALSE(get(agent->load_clock_mark()));
  get(agent->save_clock_mark({"first boot", at_second(1), std::chrono::nanoseconds(7)}));
  get(agent->save_clock_mark({"second boot", at_second(2), std::chrono::nanoseconds(8)}));
  agent = open();
  const auto mark = get(agent->load_clock_mark());
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->boot_id, "second boot");
  EXPECT_EQ(mark->wall, at_second(2));
  EXPECT_EQ(mark->boot, std::chrono::nanoseconds(8));
}

TEST_F(memory, writes_by_others_grow_with_their_writes_alone) {
  const doorbell asked, written;
  const pid_t command = in_another_process([&] {
    EXPECT_TRUE(asked.wait());
    auto own = open();
    get(own->save_pause(core::pause_state{at_second(1), {}, "r", "a"}));
    own.reset();
    written.ring();
  });
  auto agent = open();
  auto reader = open(open_mode::read_only);
  get(agent->save_policy("e", {"p", {}, {}, {}, {}}));
  const std::int64_t before = get(agent->writes_by_others());
  get(agent->save_policy("e", {"p", at_second(1), {}, {}, {}}));
  get(agent->save_image_use("e", {{used(1)}, {}}));
  EXPECT_EQ(get(agent->writes_by_others()), before) << "its own do not count";
  const std::int64_t seen_by_reader = get(reader->writes_by_others());
  asked.ring();
  EXPECT_TRUE(written.wait());
  EXPECT_GT(get(agent->writes_by_others()), before);
  EXPECT_GT(get(reader->writes_by_others()), seen_by_reader);
  EXPECT_TRUE(get(agent->load_pause()));
  EXPECT_EQ(status_of(command), 0);
}

TEST_F(memory, agent_and_command_that_both_write_lose_nothing) {
  const auto work = [&](int who) {
    auto own = open();
    for (int i = 0; i < 25; ++i) {
      core::sweep_record sweep = sample_sweep("e", std::to_string(who));
      auto removals = sample_removals(3);
      get(own->begin_sweep(sweep, removals));
      for (auto& removal : removals) {
        removal.outcome = core::removal_outcome::removed;
        get(own->update_removal(removal));
      }
      sweep.outcome = core::sweep_outcome::reached;
      sweep.ended = at_second(i);
      get(own->end_sweep(sweep));
      get(own->save_image_use("e", {{used(who * 1000 + i)}, {}}));
    }
  };
  const pid_t one = in_another_process([&] { work(1); });
  const pid_t two = in_another_process([&] { work(2); });
  EXPECT_EQ(status_of(one), 0);
  EXPECT_EQ(status_of(two), 0);
  auto reader = open(open_mode::read_only);
  const auto page = get(reader->load_history({.sweeps_at_most = 1000, .with_removals = true}));
  EXPECT_EQ(page.sweeps.size(), 50U);
  EXPECT_EQ(page.removals.size(), 150U);
  for (const auto& removal : page.removals) EXPECT_EQ(removal.outcome, core::removal_outcome::removed);
  EXPECT_EQ(get(reader->load_image_use("e")).size(), 50U);
}

}  // namespace
}  // namespace docksweep::test
