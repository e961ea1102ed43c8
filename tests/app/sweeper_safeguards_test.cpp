// What comes before a removal, so that an image can be had back: a registry is asked, or the image is saved.
#include "app/save_image.hpp"
#include "app/swept_node.hpp"

namespace docksweep::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto digest = "sha256:aaaa";

class sweeper_safeguards : public swept_node {
 protected:
  sweeper_safeguards() { disks.size = 1'000'000'000; }

  std::string app = add_image("app", {"app:1"}, {{"l1", 1000}});
  std::string other = add_image("other", {"other:1"}, {{"l2", 500}});

  app::sweep_request asking() {
    auto request = plan_of({app, other});
    request.policy.keep.ask_registry = true;
    request.plan.steps[0].first.ask_registry = true;
    return request;
  }
  app::sweep_request archiving() {
    auto request = plan_of({app, other});
    request.policy.archive = "/backup";
    request.plan.steps[0].first.archive = true;
    return request;
  }
  const core::removal_record& of_app() const { return record.removals.at(0); }
  std::string path() const { return "/backup/" + app.substr(7) + ".tar.zst"; }
};

TEST_F(sweeper_safeguards, what_a_registry_still_has_goes) {
  engine.push(app, "app:1", digest);
  const auto done = sweep(asking());
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed));
  EXPECT_EQ(script.count("registry_has docker.io/library/app@sha256:aaaa"), 1U);
  EXPECT_EQ(script.count("registry_has"), 1U) << "the other one needs no question";
  EXPECT_EQ(of_app().origin, core::image_origin::pulled) << "a registry had it when it went";
}

TEST_F(sweeper_safeguards, what_a_registry_no_longer_has_stays) {
  engine.push(app, "app:1", digest);
  engine.registry.clear();
  ASSERT_TRUE(sweep(asking()).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
  EXPECT_EQ(of_app().why, core::reason::local_only);
  EXPECT_THAT(of_app().problem, HasSubstr("no longer has app@sha256:aaaa"));
  EXPECT_TRUE(engine.images.contains(app));
}

TEST_F(sweeper_safeguards, what_nobody_can_tell_about_stays) {
  engine.push(app, "app:1", digest);
  engine.registry_down = true;
  ASSERT_TRUE(sweep(asking()).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
  EXPECT_EQ(of_app().why, core::reason::local_only);
  EXPECT_THAT(of_app().problem, HasSubstr("connection refused"));
}

TEST_F(sweeper_safeguards, what_has_no_digest_to_ask_for_stays) {
  ASSERT_TRUE(sweep(asking()).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
  EXPECT_THAT(of_app().problem, HasSubstr("no registry can be asked"));
}

TEST_F(sweeper_safeguards, one_of_several_registries_is_enough) {
  engine.push(app, "app:1", digest);
  engine.push(app, "mirror.example.com/app:1", digest);
  engine.registry.erase("docker.io/library/app@sha256:aaaa");
  ASSERT_TRUE(sweep(asking()).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed));
  EXPECT_EQ(of_app().problem, "");
}

TEST_F(sweeper_safeguards, nobody_is_asked_about_an_image_in_use) {
  engine.push(app, "app:1", digest);
  const auto request = asking();
  add_container("late", app);
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_EQ(of_app().why, core::reason::in_use);
  EXPECT_EQ(script.count("registry_has"), 0U);
}

TEST_F(sweeper_safeguards, a_container_that_came_while_the_registry_was_asked_keeps_the_image) {
  engine.push(app, "app:1", digest);
  const auto request = asking();
  when("registry_has", [&] { add_container("late", app); });
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_EQ(of_app().outcome, outcome::kept);
  EXPECT_EQ(of_app().why, core::reason::in_use);
}

TEST_F(sweeper_safeguards, observe_asks_and_saves_nothing) {
  auto request = asking();
  request.policy.archive = "/backup";
  request.plan.steps[1].first.archive = true;
  request.enforce = false;
  const auto done = sweep(request);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::observed);
  EXPECT_EQ(of_app().why, core::reason::local_only) << "as it would be enforced";
  EXPECT_THAT(archive.files, IsEmpty());
  EXPECT_EQ(script.count("save_image"), 0U);
  EXPECT_THAT(script.removals(), IsEmpty());
}

TEST_F(sweeper_safeguards, what_is_local_is_saved_before_it_goes) {
  when("remove_image app:1", [&] {
    EXPECT_THAT(archive.files, Contains(testing::Key(path()))) << "saved, and whole, before the removal";
    EXPECT_EQ(of_app().archive, path()) << "and on record";
  });
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::removed, outcome::removed));
  EXPECT_EQ(of_app().archive, path());
  EXPECT_EQ(record.removals[1].archive, "");
  EXPECT_EQ(script.count("save_image " + app), 1U) << "by its ID: a save by name would bring the name back with it";
}

TEST_F(sweeper_safeguards, what_a_registry_has_not_is_saved_where_both_are_wanted) {
  engine.push(app, "app:1", digest);
  engine.registry.clear();
  auto request = archiving();
  request.plan.steps[0].first.ask_registry = true;
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_EQ(of_app().outcome, outcome::removed);
  EXPECT_EQ(of_app().archive, path());
}

TEST_F(sweeper_safeguards, what_a_registry_has_is_not_saved) {
  engine.push(app, "app:1", digest);
  auto request = archiving();
  request.plan.steps[0].first.ask_registry = true;
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_EQ(of_app().outcome, outcome::removed);
  EXPECT_THAT(archive.files, IsEmpty());
}

TEST_F(sweeper_safeguards, without_room_on_a_disk_that_it_shares_the_image_stays) {
  disks.devices["/backup"] = 1;
  disks.avail["/backup"] = app::archive_margin_bytes + 999;
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_THAT(outcomes(), ElementsAre(outcome::kept, outcome::removed));
  EXPECT_EQ(of_app().why, core::reason::local_only);
  EXPECT_THAT(of_app().problem, HasSubstr("use another disk"));
  EXPECT_EQ(script.count("save_image"), 0U);
}

TEST_F(sweeper_safeguards, with_room_on_a_disk_that_it_shares_it_is_saved_there) {
  disks.devices["/backup"] = 1;
  disks.avail["/backup"] = app::archive_margin_bytes + 1000;
  engine.identity.store = core::image_store::containerd;
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_EQ(of_app().outcome, outcome::removed);
}

TEST_F(sweeper_safeguards, an_engine_that_writes_a_copy_first_needs_room_for_it) {
  disks.size = app::archive_margin_bytes + engine.bytes_of_layers() + 999;
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_EQ(of_app().outcome, outcome::kept);
  EXPECT_THAT(of_app().problem, HasSubstr("to its own disk before"));
  engine.identity.store = core::image_store::containerd;
  auto again = plan_of({app});
  again.policy.archive = "/backup";
  again.plan.steps[0].first.archive = true;
  ASSERT_TRUE(sweep(std::move(again)).has_value());
  EXPECT_EQ(record.removals.at(2).outcome, outcome::removed) << "that store hands it out as it reads it";
}

TEST_F(sweeper_safeguards, an_image_that_others_removed_is_gone_and_nobody_is_asked) {
  engine.push(app, "app:1", digest);
  const auto request = asking();
  when("find_image app:1", [&] { engine.images.erase(app); });
  ASSERT_TRUE(sweep(request).has_value());
  EXPECT_EQ(of_app().outcome, outcome::gone);
  EXPECT_EQ(script.count("registry_has"), 0U);
}

TEST_F(sweeper_safeguards, file_systems_that_nobody_can_tell_apart_need_room) {
  disks.devices["/backup"] = 0;
  disks.avail["/backup"] = 0;
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_EQ(of_app().outcome, outcome::kept);
}

TEST_F(sweeper_safeguards, a_folder_that_is_not_there_keeps_the_image) {
  script.refused["measure /backup"] = {disk_fault("No such file or directory")};
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_EQ(of_app().outcome, outcome::kept);
  EXPECT_THAT(of_app().problem, HasSubstr("No such file"));
}

TEST_F(sweeper_safeguards, an_archive_that_fills_up_keeps_the_image_and_leaves_nothing) {
  archive.full_after = 700;
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_EQ(of_app().outcome, outcome::kept);
  EXPECT_THAT(of_app().problem, HasSubstr("No space left"));
  EXPECT_THAT(archive.files, IsEmpty());
  EXPECT_EQ(archive.open_writers, 0);
}

TEST_F(sweeper_safeguards, an_archive_that_cannot_be_written_down_keeps_the_image) {
  script.refused["commit_archive"] = {disk_fault()};
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_EQ(of_app().outcome, outcome::kept);
  EXPECT_THAT(archive.files, IsEmpty());
}

TEST_F(sweeper_safeguards, a_save_that_breaks_off_keeps_the_image) {
  engine.save_breaks_after = 800;
  ASSERT_TRUE(sweep(archiving()).has_value());
  EXPECT_EQ(of_app().outcome, outcome::kept);
  EXPECT_THAT(archive.files, IsEmpty());
}

TEST_F(sweeper_safeguards, a_stop_ends_a_save_at_once_and_the_image_stays) {
  engine.hangs = "save_image " + app;
  when("save_image", [&] { sweeping->stop("SIGTERM"); });
  const auto done = sweep(archiving());
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::stopped);
  EXPECT_THAT(outcomes(), ElementsAre(outcome::skipped, outcome::skipped));
  EXPECT_THAT(script.removals(), IsEmpty());
  EXPECT_EQ(archive.open_writers, 0);
}

TEST_F(sweeper_safeguards, a_pause_while_it_is_saved_lets_no_removal_begin) {
  when("save_image", [&] {
    core::pause_state paused;
    paused.since = wall;
    record.pause = paused;
  });
  const auto done = sweep(archiving());
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->outcome, core::sweep_outcome::stopped);
  EXPECT_THAT(script.removals(), IsEmpty());
}

}  // namespace
}  // namespace docksweep::test
