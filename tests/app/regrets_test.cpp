// What became of images that went, or would have gone: regret, shadow regret, and removals by somebody else.
#include "app/regrets.hpp"

#include "app/usage_frame.hpp"

namespace docksweep::tests {
namespace {

using namespace std::chrono_literals;
using core::removal_outcome;
using test::container_id;
using test::image_event;
using test::image_id;

class regrets : public test::tracked_usage {
 protected:
  // On record as any docksweep process leaves it, by a sweep of this policy.
  void put_removal(const std::string& policy, core::removal_record record) {
    record.kind = core::target_kind::image;
    record.at = wall;
    history.put_sweep("engine-1", policy, {std::move(record)});
  }
  core::removal_record removal(int number, std::vector<std::string> references,
                               removal_outcome outcome = removal_outcome::removed) {
    core::removal_record record;
    record.object_id = image_id(number);
    record.references = std::move(references);
    record.predicted = {500, 900};
    record.freed = 700;
    record.outcome = outcome;
    return record;
  }
  // Removes the image, and puts that on record.
  void sweep_away(int number, std::vector<std::string> references, const std::string& policy = "pressure") {
    put_removal(policy, removal(number, std::move(references)));
    node.remove_image(image_id(number));
    show();
    pass(1s);
  }
  // Until what waits now has been judged.
  void judge() {
    const auto asked = history.count("removed_since") + history.count("load_shadows");
    ASSERT_TRUE(run_until([&] { return history.count("removed_since") + history.count("load_shadows") > asked; }));
    run_for(60ms);
  }
  void put_shadow(int number) { memory->shadows["engine-1"].push_back({"nightly", image_id(number), {"app:1"}, wall}); }
  std::vector<core::removal_record> foreign() const {
    std::vector<core::removal_record> all;
    for (const auto& [engine, one] : memory->removals) {
      if (one.outcome == removal_outcome::foreign) all.push_back(one);
    }
    return all;
  }
};

TEST_F(regrets, count_an_image_that_is_back_within_a_day_once) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  sweep_away(1, {"app:1"});
  judge();
  EXPECT_TRUE(counts.regrets.empty());
  pass(23h);
  node.add_image(image_id(1), {"app:1"});
  tell(image_event("pull", "app:1", "app"));
  show();
  ASSERT_TRUE(run_until([&] { return counts.regrets["pressure"] == 1; }));
  EXPECT_EQ(counts.regretted_bytes, 700);
  EXPECT_EQ(log.count("regret"), 1u);
  tell(image_event("pull", "app:1", "app"));
  judge();
  EXPECT_EQ(counts.regrets["pressure"], 1);
  EXPECT_EQ(counts.foreign, 0);
}

TEST_F(regrets, count_nothing_that_comes_back_after_a_day) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  sweep_away(1, {"app:1"});
  judge();
  pass(25h);
  node.add_image(image_id(1), {"app:1"});
  tell(image_event("pull", "app:1", "app"));
  show();
  judge();
  EXPECT_TRUE(counts.regrets.empty());
}

TEST_F(regrets, know_what_is_back_by_its_name_although_it_is_another_image) {
  node.add_image(image_id(1), {"alpine:latest"});
  start_and_see();
  sweep_away(1, {"alpine:latest"});
  judge();
  pass(1h);
  node.add_image(image_id(2), {"docker.io/library/alpine:latest"});
  tell(image_event("pull", "docker.io/library/alpine", "alpine"));
  show();
  ASSERT_TRUE(run_until([&] { return counts.regrets["pressure"] == 1; }));
}

TEST_F(regrets, are_no_pulls_from_before_the_removal) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  tell(image_event("pull", "app:1", "app"));
  pass(1s);
  sweep_away(1, {"app:1"});
  judge();
  EXPECT_TRUE(counts.regrets.empty());
}

TEST_F(regrets, blame_no_policy_for_what_a_person_removed_or_what_was_not_removed) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  sweep_away(1, {"app:1"}, "");
  put_removal("pressure", removal(2, {"app:2"}, removal_outcome::kept));
  judge();
  pass(1h);
  node.add_image(image_id(1), {"app:1"});
  tell(image_event("pull", "app:1", "app"));
  tell(image_event("pull", "app:2", "app"));
  show();
  judge();
  EXPECT_TRUE(counts.regrets.empty());
}

TEST_F(regrets, are_not_counted_again_after_a_restart) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  sweep_away(1, {"app:1"});
  judge();
  node.add_image(image_id(1), {"app:1"});
  show();
  ASSERT_TRUE(run_until([&] { return counts.regrets["pressure"] == 1; }));
  shut_down();
  pass(1h);
  start_and_see();
  tell(image_event("pull", "app:1", "app"));  // up to date
  judge();
  EXPECT_EQ(counts.regrets["pressure"], 1);
}

TEST_F(regrets, wait_for_a_history_that_fails) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  sweep_away(1, {"app:1"});
  history.broken_by["removed_since"] = test::memory_history::no_space();
  node.add_image(image_id(1), {"app:1"});
  node.remove_image(image_id(2));
  show();
  ASSERT_TRUE(run_until([&] { return history.count("removed_since") >= 4; }));
  EXPECT_EQ(log.count("history_not_read"), 1u);
  EXPECT_EQ(counts.foreign, 0);
  history.broken_by.clear();
  ASSERT_TRUE(run_until([&] { return counts.regrets["pressure"] == 1 && counts.foreign == 1; }));
}

class shadow_regrets : public regrets {};

TEST_F(shadow_regrets, count_an_image_that_is_used_again_once) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  put_shadow(1);
  put_shadow(2);
  pass(1h);
  show();
  tell_short_run("app:1");
  ASSERT_TRUE(run_until([&] { return counts.shadow_regrets["nightly"] == 1; }));
  ASSERT_EQ(memory->shadows["engine-1"].size(), 1u);
  EXPECT_EQ(memory->shadows["engine-1"].front().image_id, image_id(2));
  tell_short_run("app:1");
  judge();
  EXPECT_EQ(counts.shadow_regrets["nightly"], 1) << "being there is no use";
}

TEST_F(shadow_regrets, count_a_container_of_which_no_event_told) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  put_shadow(1);
  pass(1h);
  node.add_container(container_id(1), image_id(1));
  show();
  ASSERT_TRUE(run_until([&] { return counts.shadow_regrets["nightly"] == 1; }));
}

TEST_F(shadow_regrets, count_no_use_that_only_ended_and_none_after_a_day) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  put_shadow(1);
  tell(container_use("die", "app:1"));
  tell(container_use("destroy", "app:1"));
  tell_short_run("app:2");  // so that something is judged
  judge();
  EXPECT_TRUE(counts.shadow_regrets.empty());
  pass(25h);
  tell_short_run("app:1");
  judge();
  EXPECT_TRUE(counts.shadow_regrets.empty());
}

TEST_F(shadow_regrets, count_an_up_to_date_pull_but_no_pull_that_moves_the_name_away) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  put_shadow(1);
  put_shadow(2);
  pass(1h);
  tell(image_event("pull", "app:1", "app"));
  tell(image_event("pull", "app:2", "app"));
  show();
  node.add_image(image_id(3));
  node.move_tag("app:2", image_id(3));
  show();
  pass(61s);
  ASSERT_TRUE(run_until([&] { return counts.shadow_regrets["nightly"] == 1; }));
  run_for(60ms);
  ASSERT_EQ(memory->shadows["engine-1"].size(), 1u);
  EXPECT_EQ(memory->shadows["engine-1"].front().image_id, image_id(2));
}

class foreign_removals : public regrets {};

TEST_F(foreign_removals, are_counted_and_recorded_with_what_would_bring_them_back) {
  node.add_image(image_id(1));  // goes along with its child
  auto& child = node.add_image(image_id(2), {"app:1", "app:2"}, image_id(1));
  child.digests = {"registry.example.com/app@sha256:aa"};
  node.add_image(image_id(3), {"stays:1"});
  start_and_see();
  node.remove_image(image_id(1));
  node.remove_image(image_id(2));
  show();
  ASSERT_TRUE(run_until([&] { return foreign().size() == 2; }));
  EXPECT_EQ(counts.foreign, 2);
  EXPECT_EQ(log.count("foreign_removal"), 2u);
  const auto recorded = foreign().back();
  EXPECT_EQ(recorded.object_id, image_id(2));
  EXPECT_EQ(recorded.references, (std::vector<std::string>{"app:1", "app:2"}));
  EXPECT_EQ(recorded.digests, std::vector<std::string>{"registry.example.com/app@sha256:aa"});
  EXPECT_EQ(recorded.layers, std::vector<std::string>{"layer of " + image_id(2)});
  EXPECT_EQ(recorded.platform, "linux/amd64");
  EXPECT_EQ(recorded.at, wall);
}

TEST_F(foreign_removals, are_none_of_what_docksweep_removed_and_what_went_along) {
  node.add_image(image_id(1));
  node.add_image(image_id(2), {}, image_id(1));
  node.add_image(image_id(3), {"app:1"}, image_id(2));
  node.add_image(image_id(4));
  node.add_image(image_id(5), {"app:5"}, image_id(4));
  node.add_image(image_id(6), {"app:6"});
  node.add_image(image_id(7), {"app:7"}, image_id(6));
  start_and_see();
  auto recorded = removal(3, {"app:1"});
  recorded.also = {image_id(2)};  // and its parent, which nobody foresaw
  put_removal("pressure", recorded);
  put_removal("pressure", removal(5, {"app:5"}, removal_outcome::attempted));
  put_removal("", removal(7, {"app:7"}, removal_outcome::unknown));
  for (int number = 1; number <= 7; ++number) node.remove_image(image_id(number));
  show();
  ASSERT_TRUE(run_until([&] { return counts.foreign > 0; }));
  EXPECT_EQ(counts.foreign, 1);
  ASSERT_EQ(foreign().size(), 1u);
  EXPECT_EQ(foreign().front().object_id, image_id(6)) << "a parent with a name does not go along";
}

TEST_F(foreign_removals, are_what_another_process_had_removed_long_before) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  sweep_away(1, {"app:1"});
  judge();
  node.add_image(image_id(1), {"app:1"});
  show();
  judge();
  pass(11min);
  node.remove_image(image_id(1));
  show();
  ASSERT_TRUE(run_until([&] { return counts.foreign == 1; }));
}

TEST_F(foreign_removals, are_not_told_from_partial_views_nor_from_another_engines) {
  node.add_image(image_id(1), {"app:1"});
  node.add_image(image_id(2), {"app:2"});
  start_and_see();
  node.remove_image(image_id(1));
  node.what.unreadable = 1;
  show();
  run_for(100ms);
  EXPECT_EQ(counts.foreign, 0);
  node.add_image(image_id(1), {"app:1"});
  node.what.unreadable = 0;
  show();
  tracker->follow("engine-2");
  ASSERT_TRUE(run_until([&] { return tracker->ready(); }));
  test::made_node other;
  other.what.engine.id = "engine-2";
  tracker->on_view(other.share());
  run_for(100ms);
  EXPECT_EQ(counts.foreign, 0);
}

TEST_F(foreign_removals, are_noticed_after_a_partial_view) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  node.remove_image(image_id(1));
  node.what.unreadable = 1;
  show();
  node.what.unreadable = 0;
  show();
  ASSERT_TRUE(run_until([&] { return counts.foreign == 1; }));
}

TEST_F(foreign_removals, are_none_where_the_image_is_back_before_it_is_judged) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  node.remove_image(image_id(1));
  show();
  node.add_image(image_id(1), {"app:1"});
  show();
  judge();
  EXPECT_EQ(counts.foreign, 0);
}

TEST_F(foreign_removals, are_counted_where_they_cannot_be_recorded) {
  node.add_image(image_id(1), {"app:1"});
  start_and_see();
  history.broken_by["record_foreign"] = test::memory_history::no_space();
  node.remove_image(image_id(1));
  show();
  ASSERT_TRUE(run_until([&] { return log.count("foreign_removals_not_recorded") == 1; }));
  EXPECT_EQ(counts.foreign, 1);
}

}  // namespace
}  // namespace docksweep::tests
