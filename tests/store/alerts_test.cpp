// The record of alerts: an occurrence is put there once and taken once, whoever asks, and survives a restart.
#include "store/database.hpp"
#include "store/schema.hpp"
#include "store/state_fixture.hpp"

namespace docksweep::test {
namespace {

using enum core::alert_state;
using flags = std::vector<bool>;

class alerts : public state_fixture {};

core::alert_record alert_of(int number, const std::string& policy = "on-alert") {
  return {.key = {.policy = policy,
                  .fingerprint = "00000000000000" + std::to_string(10 + number),
                  .starts_at = at_second(number)},
          .state = waiting,
          .source = number % 2 == 0 ? core::alert_source::webhook : core::alert_source::alertmanager,
          .text = "DiskFull{n=\"" + std::to_string(number) + "\"}",
          .heard_at = at_second(100 + number)};
}

TEST_F(alerts, are_put_on_record_once_and_come_back_whole) {
  auto agent = open();
  EXPECT_EQ(get(agent->add_alerts("e", {alert_of(1), alert_of(2)})), (flags{true, true}));
  EXPECT_EQ(get(agent->add_alerts("e", {alert_of(2), alert_of(3), alert_of(3)})), (flags{false, true, false}));
  auto later = alert_of(1);
  later.key.starts_at = at_second(50);
  EXPECT_EQ(get(agent->add_alerts("e", {later, alert_of(1, "other")})), (flags{true, true}))
      << "another start and another policy are others";
  EXPECT_EQ(get(agent->add_alerts("f", {alert_of(1)})), flags{true}) << "and another engine";
  agent = open();
  const auto all = get(agent->load_alerts("e"));
  EXPECT_EQ(all.size(), 5U);
  EXPECT_EQ(all.front(), alert_of(3)) << "heard of last";
  EXPECT_EQ(std::ranges::count(all, alert_of(2)), 1);
  EXPECT_EQ(get(agent->add_alerts("e", {alert_of(2)})), flags{false}) << "known across restarts";
}

TEST_F(alerts, are_taken_once_of_two_processes) {
  auto one = open();
  auto two = open();
  get(one->add_alerts("e", {alert_of(1), alert_of(2)}));
  EXPECT_EQ(get(two->add_alerts("e", {alert_of(1)})), flags{false});
  EXPECT_EQ(get(one->move_alerts("e", {alert_of(1).key}, waiting, begun)), flags{true});
  EXPECT_EQ(get(two->move_alerts("e", {alert_of(1).key, alert_of(2).key}, waiting, begun)), (flags{false, true}));
  EXPECT_EQ(get(one->move_alerts("e", {alert_of(9).key}, waiting, begun)), flags{false});
  EXPECT_EQ(get(one->move_alerts("e", {alert_of(1).key}, begun, waiting)), flags{true}) << "given back";
  EXPECT_EQ(get(two->move_alerts("e", {alert_of(1).key}, waiting, resolved)), flags{true});
  for (const auto& found : get(one->load_alerts("e"))) {
    EXPECT_EQ(found.state, found.key == alert_of(1).key ? resolved : begun);
  }
}

TEST_F(alerts, that_many_processes_add_at_once_are_added_once) {
  const auto work = [&] {
    auto own = open();
    int first = 0;
    for (int i = 0; i < 40; ++i) first += get(own->add_alerts("e", {alert_of(i)})).front() ? 1 : 0;
    std::ofstream(folder.file("first-" + std::to_string(::getpid()))) << first;
  };
  const pid_t one = in_another_process(work);
  const pid_t two = in_another_process(work);
  EXPECT_EQ(status_of(one), 0);
  EXPECT_EQ(status_of(two), 0);
  int sum = 0;
  for (const auto who : {one, two}) {
    int first = 0;
    std::ifstream(folder.file("first-" + std::to_string(who))) >> first;
    sum += first;
  }
  EXPECT_EQ(sum, 40);
}

TEST_F(alerts, that_nobody_tells_of_any_more_are_forgotten) {
  auto agent = open();
  get(agent->add_alerts("e", {alert_of(1), alert_of(2)}));
  get(agent->hear_alerts("e", {alert_of(1).key}, at_second(500)));
  get(agent->hear_alerts("e", {alert_of(1).key}, at_second(400)));
  get(agent->forget_alerts_before(at_second(450)));
  const auto left = get(agent->load_alerts("e"));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].key, alert_of(1).key);
  EXPECT_EQ(left[0].heard_at, at_second(500));
}

TEST_F(alerts, cannot_be_claimed_by_who_only_reads) {
  get(open()->add_alerts("e", {alert_of(1)}));
  auto reader = open(store::open_mode::read_only);
  EXPECT_EQ(get(reader->load_alerts("e")).size(), 1U);
  for (const auto& outcome : {attempt(reader->add_alerts("e", {alert_of(2)})),
                              attempt(reader->move_alerts("e", {alert_of(1).key}, waiting, begun))}) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, core::failure_code::storage);
  }
}

TEST_F(alerts, find_room_in_a_file_of_the_version_before) {
  {
    const std::atomic<bool> stopping = false;
    auto file = store::database::open(path, store::access::read_write, &stopping);
    ASSERT_TRUE(file && file->configure());
    for (int step = 0; step < 3; ++step) ASSERT_TRUE(file->execute(store::migrations[static_cast<std::size_t>(step)]));
    ASSERT_TRUE(
        file->execute("INSERT INTO engines (id) VALUES ('e'); INSERT INTO policies (engine, policy, last_ended) "
                      "VALUES (1, 'nightly', 5000); PRAGMA user_version=3;"));
  }
  auto agent = open();
  ASSERT_TRUE(agent->durable());
  EXPECT_EQ(get(agent->load_policies("e")).count("nightly"), 1U) << "and what was there stays";
  EXPECT_EQ(get(agent->add_alerts("e", {alert_of(1)})), flags{true});
}

}  // namespace
}  // namespace docksweep::test
