// Undo: what a sweep removed comes back with its ID and its tags, or it is said why not.
#include "app/restore.hpp"

#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using core::restore_outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class restore : public swept_node {
 protected:
  std::string app = add_image("app", {"app:1", "app:2", "team/app:1"}, {{"l1", 1000}});
  std::string other = add_image("other", {"other:1"}, {{"l2", 500}});

  restore() {
    disks.size = 1'000'000'000;  // an engine writes a copy of what it saves
    engine.push(app, "app:1", "sha256:aaaa");
    engine.push(other, "other:1", "sha256:bbbb");
  }

  std::vector<core::restored_image> bring_back() {
    std::vector<core::image> images;
    for (const auto& [id, one] : engine.images) images.push_back(one);
    auto wanted = core::plan_restoration(record.removals, images, engine.identity.store);
    app::restore_parts parts{engine, record, archive, log, engine.identity.store, [this] { return wall; }};
    auto running = app::restore(parts, "engine-1", "alice (uid 1000)", std::move(wanted), {});
    auto result = run_task(context, std::move(running), std::chrono::seconds(60));
    EXPECT_TRUE(result.has_value());
    return result ? *result : std::vector<core::restored_image>();
  }
  static std::vector<restore_outcome> outcomes_of(const std::vector<core::restored_image>& all) {
    std::vector<restore_outcome> outcomes;
    for (const auto& one : all) outcomes.push_back(one.outcome);
    return outcomes;
  }
};

TEST_F(restore, brings_back_every_image_with_every_tag_by_digest) {
  const auto before = engine.images;
  ASSERT_TRUE(sweep(plan_of({app, other})).has_value());
  ASSERT_THAT(engine.images, IsEmpty());
  wall += std::chrono::hours(1);
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::restored, restore_outcome::restored));
  EXPECT_EQ(all[0].source, "docker.io/library/app@sha256:aaaa");
  ASSERT_EQ(engine.images.size(), before.size());
  EXPECT_THAT(engine.images[app].tags, UnorderedElementsAre("app:1", "app:2", "team/app:1"));
  EXPECT_THAT(engine.images[other].tags, ElementsAre("other:1"));
  for (const auto& pull : engine.pulls) EXPECT_TRUE(pull.version.starts_with("sha256:"));
  EXPECT_EQ(record.removals[0].restored, wall);
  EXPECT_EQ(record.image_use.at(app).last_used, wall) << "a restored image counts as used now";
  EXPECT_EQ(log.of("restore").size(), 2U);
  EXPECT_FALSE(record.locked);
}

TEST_F(restore, is_safe_to_repeat) {
  ASSERT_TRUE(sweep(plan_of({app, other})).has_value());
  bring_back();
  const auto pulls = engine.pulls.size();
  const auto again = bring_back();
  EXPECT_THAT(outcomes_of(again), ElementsAre(restore_outcome::already_back, restore_outcome::already_back));
  EXPECT_EQ(engine.pulls.size(), pulls);
}

TEST_F(restore, leaves_a_tag_that_somebody_has_given_to_another_image_since) {
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  engine.images[other].tags.push_back("app:2");
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::incomplete));
  EXPECT_THAT(engine.images[app].tags, UnorderedElementsAre("app:1", "team/app:1"));
  EXPECT_THAT(engine.images[other].tags, UnorderedElementsAre("other:1", "app:2"));
  EXPECT_THAT(all[0].problem, HasSubstr("app:2 means another image since: " + other));
}

TEST_F(restore, leaves_a_tag_that_is_given_away_while_it_pulls) {
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  when("pull_image", [&] { engine.images[other].tags.push_back("app:2"); });
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::incomplete));
  EXPECT_THAT(engine.images[other].tags, UnorderedElementsAre("other:1", "app:2"));
}

TEST_F(restore, goes_on_after_a_failure_and_says_when_the_registry_no_longer_has_it) {
  ASSERT_TRUE(sweep(plan_of({app, other})).has_value());
  engine.registry.erase("docker.io/library/app@sha256:aaaa");
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::failed, restore_outcome::restored));
  EXPECT_THAT(all[0].problem, HasSubstr("the registry no longer has docker.io/library/app@sha256:aaaa"));
  EXPECT_EQ(record.removals[0].restored, std::nullopt);
}

TEST_F(restore, tries_every_registry_that_had_it) {
  engine.push(app, "mirror.example.com/app:1", "sha256:aaaa");
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  engine.registry.erase("docker.io/library/app@sha256:aaaa");
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::restored));
  EXPECT_EQ(all[0].source, "mirror.example.com/app@sha256:aaaa");
  EXPECT_EQ(all[0].problem, "");
}

TEST_F(restore, checks_that_it_is_the_image_that_went) {
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  engine.registry["docker.io/library/app@sha256:aaaa"] = engine.registry.at("docker.io/library/other@sha256:bbbb");
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::failed));
  EXPECT_THAT(all[0].problem, HasSubstr("gave another image"));
  EXPECT_THAT(engine.images[other].tags, ElementsAre("other:1")) << "and gives that none of its tags";
}

// There a pull by digest leaves a name that nobody had given.
TEST_F(restore, on_the_containerd_store_a_tag_is_pulled_that_still_means_the_digest) {
  engine.identity.store = core::image_store::containerd;
  ASSERT_TRUE(sweep(plan_of({app, other})).has_value());
  for (auto& removal : record.removals) removal.origin = core::image_origin::pulled;
  engine.registry_tags["docker.io/library/other:1"] = "sha256:another";
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::restored, restore_outcome::restored));
  EXPECT_EQ(engine.pulls[0].version, "1");
  EXPECT_EQ(engine.pulls.back().version, "sha256:bbbb") << "this tag has moved in the registry";
  EXPECT_THAT(engine.images[other].tags, ElementsAre("other:1"));
}

TEST_F(restore, on_the_containerd_store_no_tag_is_pulled_that_another_image_has_by_now) {
  engine.identity.store = core::image_store::containerd;
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  for (auto& removal : record.removals) removal.origin = core::image_origin::pulled;
  when("registry_digest", [&] { engine.images[other].tags.push_back("app:1"); });
  const auto all = bring_back();
  EXPECT_THAT(engine.images[other].tags, UnorderedElementsAre("other:1", "app:1"));
  for (const auto& pull : engine.pulls) EXPECT_NE(pull.version, "1");
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::incomplete));
}

TEST_F(restore, pulls_nothing_when_the_engine_cannot_be_asked) {
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  script.refused["find_image"] = {engine_fault()};
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::failed));
  EXPECT_THAT(engine.pulls, IsEmpty());
}

TEST_F(restore, loads_what_was_saved) {
  const auto local = add_image("local", {"local:1", "local:2"}, {{"l3", 300}});
  auto request = plan_of({local});
  request.policy.archive = "/backup";
  request.plan.steps[0].first.archive = true;
  ASSERT_TRUE(sweep(request).has_value());
  ASSERT_FALSE(engine.images.contains(local));
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::restored));
  EXPECT_THAT(engine.images[local].tags, UnorderedElementsAre("local:1", "local:2"));
  EXPECT_EQ(record.image_use.at(local).origin, core::image_origin::loaded);
  EXPECT_THAT(engine.pulls, IsEmpty());
}

TEST_F(restore, says_when_an_archive_is_gone) {
  const auto local = add_image("local", {"local:1"}, {{"l3", 300}});
  auto request = plan_of({local});
  request.policy.archive = "/backup";
  request.plan.steps[0].first.archive = true;
  ASSERT_TRUE(sweep(request).has_value());
  archive.files.clear();
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::failed));
  EXPECT_THAT(all[0].problem, HasSubstr("cannot read /backup/"));
}

TEST_F(restore, says_what_cannot_come_back) {
  const auto local = add_image("local", {"local:1"}, {{"l3", 300}});
  ASSERT_TRUE(sweep(plan_of({local})).has_value());
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::not_possible));
  EXPECT_THAT(all[0].problem, HasSubstr("no registry digest"));
}

TEST_F(restore, gives_tags_back_to_an_image_that_is_there) {
  auto request = plan_of({app});
  request.policy.name.clear();
  request.plan.steps[0].names = {"app:2"};
  request.plan.steps[0].freed = request.plan.steps[0].cumulative = {0, 0};
  ASSERT_TRUE(sweep(request).has_value());
  const auto all = bring_back();
  EXPECT_THAT(outcomes_of(all), ElementsAre(restore_outcome::restored));
  EXPECT_THAT(all[0].names_given, ElementsAre("app:2"));
  EXPECT_THAT(engine.pulls, IsEmpty());
}

TEST_F(restore, waits_for_no_sweep) {
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  record.locked = true;
  app::restore_parts parts{engine, record, archive, log, engine.identity.store, [this] { return wall; }};
  auto running = app::restore(parts, "engine-1", "alice", {}, {});
  const auto result = run_task(context, std::move(running), std::chrono::seconds(60));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, core::failure_code::conflict);
}

TEST_F(restore, an_image_is_back_although_that_cannot_be_put_on_record) {
  ASSERT_TRUE(sweep(plan_of({app})).has_value());
  script.refused["mark_restored"] = {disk_fault()};
  const auto all = bring_back();
  EXPECT_TRUE(engine.images.contains(app));
  EXPECT_THAT(all[0].problem, HasSubstr("disk I/O error"));
}

}  // namespace
}  // namespace docksweep::test
