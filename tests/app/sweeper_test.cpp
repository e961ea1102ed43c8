// What a sweep does when all goes well: what it removes, records, logs and counts.
#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class sweeper : public swept_node {};

TEST_F(sweeper, removes_what_is_planned_and_records_all_of_it) {
  const auto base = add_image("base", {}, {{"l1", 100}});
  const auto app = add_image("app", {"app:1", "app:2"}, {{"l1", 100}, {"l2", 20}}, base, {"app@sha256:aa"});
  const auto other = add_image("other", {"other:1"}, {{"o", 5}});
  const auto done = sweep(plan_of({app}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_EQ(done->removed, 1);
  EXPECT_EQ(done->freed, 120);
  EXPECT_EQ(done->disk_freed, 120);
  EXPECT_FALSE(engine.images.contains(app));
  EXPECT_FALSE(engine.images.contains(base));
  EXPECT_TRUE(engine.images.contains(other));
  ASSERT_EQ(record.removals.size(), 1U);
  const auto& one = record.removals[0];
  EXPECT_EQ(one.outcome, outcome::removed);
  EXPECT_THAT(one.references, ElementsAre("app:1", "app:2"));
  EXPECT_THAT(one.digests, ElementsAre("app@sha256:aa"));
  EXPECT_EQ(one.layers.size(), 2U);
  EXPECT_EQ(one.platform, "linux/amd64");
  EXPECT_EQ(one.rule, "remove.images = \"unused\"");
  EXPECT_EQ(one.freed, 120);
  EXPECT_THAT(one.also, ElementsAre(base));
  EXPECT_EQ(record.sweeps[0], *done);
  EXPECT_FALSE(record.locked);
  EXPECT_EQ(counts.removed_images, 1);
  EXPECT_EQ(counts.freed, 120);
  EXPECT_THAT(counts.events, ElementsAre("began nightly", "ended reached"));
}

TEST_F(sweeper, each_decision_is_one_log_line_with_stable_fields) {
  const auto app = add_image("app", {"app:1"}, {{"l1", 100}}, {}, {"app@sha256:aa"});
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  const auto lines = log.of("removal");
  ASSERT_EQ(lines.size(), 1U);
  const std::map<std::string, std::string> expected{{"sweep_id", "1"},
                                                    {"policy", "nightly"},
                                                    {"trigger", "manual"},
                                                    {"actor", "agent"},
                                                    {"engine_id", "engine-1"},
                                                    {"kind", "image"},
                                                    {"image_id", app},
                                                    {"reference", "app:1"},
                                                    {"digest", "app@sha256:aa"},
                                                    {"reason", "selected"},
                                                    {"rule", "remove.images = \"unused\""},
                                                    {"predicted_bytes", "100"},
                                                    {"freed_bytes", "100"},
                                                    {"outcome", "removed"}};
  EXPECT_EQ(lines[0].fields, expected);
  EXPECT_EQ(log.of("plan").size(), 1U);
  EXPECT_EQ(log.of("sweep").size(), 1U);
}

TEST_F(sweeper, untag_takes_names_of_a_parent_that_stays) {
  const auto base = add_image("base", {"base:1"}, {{"l1", 100}});
  add_image("app", {"app:1"}, {{"l1", 100}, {"l2", 20}}, base);
  auto request = plan_of({base});
  request.policy.remove.images = core::image_selection{};
  request.policy.remove.images->untag = true;
  ASSERT_TRUE(sweep(std::move(request)).has_value());
  EXPECT_EQ(record.removals[0].outcome, outcome::removed);
  EXPECT_EQ(record.removals[0].freed, 0);
  EXPECT_TRUE(engine.images[base].tags.empty());
  EXPECT_EQ(counts.removed_images, 0);
}

TEST_F(sweeper, a_name_taken_away_by_others_does_not_keep_the_image) {
  const auto app = add_image("app", {"a:1", "b:1"}, {{"l1", 100}});
  when("find_image a:1", [&] { engine.images[app].tags = {"b:1"}; });
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_image b:1"));
  EXPECT_EQ(record.removals[0].outcome, outcome::removed);
}

TEST_F(sweeper, an_image_whose_names_others_took_away_goes_by_its_id) {
  const auto app = add_image("app", {"a:1", "b:1"}, {{"l1", 100}});
  when("find_image a:1", [&] { engine.images[app].tags.clear(); });
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  EXPECT_THAT(script.removals(), ElementsAre("remove_image " + app));
  EXPECT_EQ(record.removals[0].outcome, outcome::removed);
}

TEST_F(sweeper, build_cache_goes_down_to_what_is_to_stay) {
  engine.build_cache = 500;
  auto request = plan_of({});
  request.plan.steps = {step_of(core::target_kind::build_cache, "")};
  request.plan.steps[0].keep_bytes = 200;
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->freed, 300);
  EXPECT_EQ(done->disk_freed, 300);
}

TEST_F(sweeper, one_tag_of_several_may_go_by_hand) {
  const auto app = add_image("app", {"a:1", "b:1", "c:1"}, {{"l1", 100}});
  auto request = plan_of({app});
  request.policy.name.clear();
  request.plan.steps[0].names = {"b:1"};
  request.plan.steps[0].freed = request.plan.steps[0].cumulative = {0, 0};
  const auto done = sweep(std::move(request));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::reached);
  EXPECT_THAT(engine.images[app].tags, ElementsAre("a:1", "c:1"));
  EXPECT_EQ(record.removals[0].outcome, outcome::removed);
  EXPECT_THAT(record.removals[0].references, ElementsAre("b:1"));
  EXPECT_EQ(done->freed, 0);
  EXPECT_EQ(counts.removed_images, 0);
}

}  // namespace
}  // namespace docksweep::test
