// What events say about use, for each action of each engine, and marks where there are more than can be told apart.
#include "app/use_marks.hpp"

#include <gtest/gtest.h>

#include "app/fakes.hpp"
#include "core/made_view.hpp"

namespace docksweep::tests {
namespace {

using namespace std::chrono_literals;
using app::use_told_by;
using core::image_origin;
using test::container_event;
using test::container_id;
using test::image_event;
using test::image_id;

TEST(event_use, of_a_pull_is_its_reference) {
  const auto docker = use_told_by(image_event("pull", "127.0.0.1:5999/team/a:1", "127.0.0.1:5999/team/a"));
  ASSERT_TRUE(docker);
  EXPECT_EQ(docker->name, "127.0.0.1:5999/team/a:1");
  EXPECT_EQ(docker->origin, image_origin::pulled);
  EXPECT_TRUE(docker->fetched && docker->wanted && docker->image.empty());
  const auto podman = use_told_by(image_event("pull", "", "127.0.0.1:5999/team/a:1"));
  ASSERT_TRUE(podman);
  EXPECT_EQ(podman->name, "127.0.0.1:5999/team/a:1");
  EXPECT_EQ(podman->origin, image_origin::unknown);
  EXPECT_FALSE(use_told_by(image_event("pull", "", "")));
  EXPECT_FALSE(use_told_by(image_event("pull-error", "", "a:1")));
}

TEST(event_use, of_podmans_load_is_no_file_name) {
  EXPECT_FALSE(use_told_by(image_event("loadfromarchive", "", "/var/tmp/api_load.tar1005848734")));
  const auto named = use_told_by(image_event("loadfromarchive", image_id(1), "/var/tmp/api_load.tar835646985"));
  ASSERT_TRUE(named);
  EXPECT_EQ(named->image, image_id(1));
  EXPECT_TRUE(named->name.empty());
  EXPECT_EQ(named->origin, image_origin::loaded);
  EXPECT_FALSE(use_told_by(image_event("build", "", "")));
}

TEST(event_use, of_a_container_is_what_was_asked_for) {
  auto event = container_event("start", container_id(1));
  event.image = "base:1";
  auto told = use_told_by(event);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->name, "base:1");
  EXPECT_EQ(told->container, container_id(1));
  EXPECT_TRUE(told->wanted);
  event.action = "die";
  told = use_told_by(event);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->wanted);
  event.action = "create";
  event.image = image_id(3);
  told = use_told_by(event);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->image, image_id(3));
  EXPECT_TRUE(told->name.empty());
  event.action = "exec_create: sh";
  EXPECT_FALSE(use_told_by(event));
}

TEST(use_marks, take_everything_for_used_where_there_are_too_many) {
  app::use_marks_options options;
  options.at_most = 10;
  app::use_marks marks(options);
  const core::instant now(1000h);
  for (int number = 0; number < 11; ++number) {
    app::event_use told;
    told.name = "app:" + std::to_string(number);
    marks.add(told, now, 0s, nullptr);
  }
  EXPECT_EQ(marks.size(), 10u);
  test::made_node node;
  node.add_image(image_id(1), {"other:1"});
  core::use_book book;
  book.load({{image_id(1), now - 90h, now - 90h, false, {}}}, now);
  marks.apply(node.look(), book, 0s);
  EXPECT_EQ(book.find(image_id(1))->last_used, now);
}

TEST(use_marks, give_a_pull_to_none_of_the_holders_before) {
  const std::string digest = "registry.example.com/app@sha256:" + std::string(64, 'a');
  test::made_node node;
  node.add_image(image_id(1)).digests = {digest};
  core::use_book book;
  app::use_marks marks;
  app::event_use told;
  told.name = digest;
  told.origin = image_origin::pulled;
  told.fetched = true;
  const auto before = node.look();
  marks.add(told, core::instant(1000h), 0s, &before);
  node.add_image(image_id(2)).digests = {digest};
  const auto wanted = marks.apply(node.look(), book, 1s);
  EXPECT_EQ(wanted, std::vector<std::string>{image_id(2)});
  EXPECT_EQ(book.find(image_id(2))->origin, image_origin::pulled);
  EXPECT_EQ(book.find(image_id(1))->origin, image_origin::unknown);
}

TEST(use_marks, end_when_their_time_is_over) {
  app::use_marks marks;
  const core::instant now(1000h);
  app::event_use told;
  told.name = "app:1";
  marks.add(told, now, 0s, nullptr);
  told.name = "never:there";
  marks.add(told, now, 0s, nullptr);
  test::made_node node;
  node.add_image(image_id(1), {"app:1"});
  core::use_book book;
  marks.apply(node.look(), book, 9s);
  EXPECT_EQ(marks.size(), 2u);
  marks.expire(11s);
  EXPECT_EQ(marks.size(), 1u) << "one waits for its image";
  marks.expire(14min);
  EXPECT_EQ(marks.size(), 1u);
  marks.expire(15min);
  EXPECT_EQ(marks.size(), 0u);
}

}  // namespace
}  // namespace docksweep::tests
