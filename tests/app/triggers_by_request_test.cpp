// Sweeps that somebody asks the agent for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/triggered_node.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;
using core::failure_code;

class sweeps_by_request : public test::triggered_node {
 protected:
  sweeps_by_request() {
    policies = {scheduled_policy("0 0 1 1 *")};
    add_image(1);
    add_image(2);
  }
  // Once the node is known; until then, and right after a sweep, it is "try again".
  core::result<std::int64_t> ask(const char* policy = "nightly") {
    auto outcome = core::result<std::int64_t>(0);
    EXPECT_TRUE(run_until([&] {
      outcome = run(triggers->sweep_now(policy, "token from 10.0.0.7"));
      return outcome || outcome.error().code != failure_code::unreachable;
    }));
    return outcome;
  }
};

TEST_F(sweeps_by_request, begin_whatever_window_settle_and_cooldown_say_and_are_on_record) {
  options.settle = 100h;
  policies[0].windows = {};
  policies[0].cooldown = 100h;
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(50ms);
  const auto begun = ask();
  ASSERT_TRUE(begun) << begun.error().message;
  history_query query;
  query.sweep_id = *begun;
  const auto page = run(state->load_history(query));
  ASSERT_TRUE(page && page->sweeps.size() == 1);
  EXPECT_EQ(page->sweeps[0].trigger, core::sweep_trigger::manual);
  EXPECT_EQ(page->sweeps[0].actor, "token from 10.0.0.7");
  ASSERT_TRUE(run_until([&] { return sweeps_ended() == 1 && !sweeps->running(); }));
  EXPECT_EQ(engine.removed.size(), 2U);
  add_image(3);
  ASSERT_TRUE(run_until_listed(3));
  EXPECT_TRUE(run_until([&] { return ask().has_value(); })) << "no cooldown for who asks";
}

TEST_F(sweeps_by_request, answer_while_they_run_and_let_no_second_one_begin) {
  engine.removal_takes = 300ms;
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(50ms);
  ASSERT_TRUE(ask());
  EXPECT_EQ(sweeps_ended(), 0U);
  const auto second = ask();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, failure_code::conflict);
  EXPECT_THAT(second.error().message, testing::HasSubstr("Policy nightly is at work"));
  EXPECT_TRUE(run_until([&] { return sweeps_ended() == 1; }));
}

TEST_F(sweeps_by_request, that_cannot_be_are_refused_by_name) {
  start();
  ASSERT_TRUE(run_until_seen());
  run_for(50ms);
  EXPECT_EQ(ask("nope").error().code, failure_code::not_found);
  const core::pause_state pause{clocks().wall(), std::nullopt, "release day", "alice"};
  ASSERT_TRUE(run(another_process()->save_pause(pause)));
  ASSERT_TRUE(run_until([&] { return triggers->paused().has_value(); }));
  EXPECT_EQ(ask().error().code, failure_code::conflict);
  EXPECT_THAT(ask().error().message, testing::HasSubstr("paused"));
  ASSERT_TRUE(run(another_process()->save_pause(std::nullopt)));
  ASSERT_TRUE(run_until([&] { return !triggers->paused(); }));
  auto permit = run(state->try_to_sweep(held.identity.id));
  EXPECT_EQ(ask().error().code, failure_code::conflict) << "another process sweeps";
  permit->reset();
  held.images.clear();
  held.cut_stream();
  ASSERT_TRUE(run_until([&] { return watch->current() != nullptr && watch->current()->what().images.empty(); }));
  run_for(50ms);
  EXPECT_EQ(ask().error().code, failure_code::not_found) << "nothing to do";
  EXPECT_TRUE(engine.removed.empty());
  EXPECT_EQ(sweeps_ended(), 0U);
}

}  // namespace
}  // namespace docksweep::app
