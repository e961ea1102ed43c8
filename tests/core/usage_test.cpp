// The book of last use: what is seen and told goes in, every doubt goes towards "used just now".
#include "core/usage.hpp"

#include <gtest/gtest.h>

#include "core/made_view.hpp"

namespace docksweep::tests {
namespace {

using namespace std::chrono_literals;
using core::image_origin;
using core::instant;
using core::use_book;
using core::use_record;
using test::made_node;

const instant noon = instant(std::chrono::hours(24 * 365 * 56));

std::vector<std::string> ids(const std::vector<use_record>& records) {
  std::vector<std::string> all;
  for (const auto& one : records) all.push_back(one.id);
  return all;
}

TEST(use_book, takes_everything_for_used_now_on_a_new_installation) {
  made_node node;
  node.add_image("a", {"old:1"}).created = noon - 24h * 900;  // the build date is no arrival (docs 10297)
  node.add_image("b");
  use_book book;
  book.look_at_images(node.look(), noon);
  ASSERT_NE(book.find("a"), nullptr);
  EXPECT_EQ(*book.find("a"), (use_record{"a", noon, noon, false, image_origin::unknown}));
  EXPECT_EQ(*book.find("b"), (use_record{"b", noon, noon, false, image_origin::unknown}));
  EXPECT_EQ(ids(book.take_changes().records), (std::vector<std::string>{"a", "b"}));
}

TEST(use_book, counts_the_image_of_any_container_as_in_use_until_it_is_let_go) {
  made_node node;
  for (const auto state : core::all_container_states) {
    const std::string name(to_string(state));
    node.add_image("of " + name);
    node.add_container("c " + name, "of " + name, state);
  }
  node.add_image("free");
  use_book book;
  book.look_at_images(node.look(), noon);
  book.look_at_images(node.look(), noon + 5h);
  for (const auto state : core::all_container_states) {
    const auto* const record = book.find("of " + std::string(to_string(state)));
    ASSERT_NE(record, nullptr);
    EXPECT_TRUE(record->in_use) << to_string(state);
    EXPECT_EQ(record->last_used, noon + 5h) << to_string(state);
  }
  EXPECT_EQ(book.find("free")->last_used, noon);

  node.remove_container("c exited");
  book.look_at_images(node.look(), noon + 9h);
  EXPECT_FALSE(book.find("of exited")->in_use);
  EXPECT_EQ(book.find("of exited")->last_used, noon + 9h) << "used until some moment since the last look";
  book.look_at_images(node.look(), noon + 12h);
  EXPECT_EQ(book.find("of exited")->last_used, noon + 9h);
}

TEST(use_book, strikes_out_what_is_gone_but_nothing_on_a_partial_view) {
  made_node node;
  node.add_image("a");
  node.add_image("b");
  node.add_container("c", "b");
  use_book book;
  book.look_at_images(node.look(), noon);
  book.take_changes();

  made_node partial = node;
  partial.remove_image("a");
  partial.remove_container("c");
  partial.what.unreadable = 1;
  book.look_at_images(partial.look(), noon + 1h);
  EXPECT_NE(book.find("a"), nullptr);
  EXPECT_TRUE(book.find("b")->in_use) << "its container may be the one that could not be read";
  EXPECT_EQ(book.find("b")->last_used, noon + 1h);

  partial.what.unreadable = 0;
  book.look_at_images(partial.look(), noon + 2h);
  EXPECT_EQ(book.find("a"), nullptr);
  EXPECT_FALSE(book.find("b")->in_use);
  const auto changes = book.take_changes();
  EXPECT_EQ(changes.gone, std::vector<std::string>{"a"});
  EXPECT_EQ(ids(changes.records), std::vector<std::string>{"b"});
  EXPECT_TRUE(book.take_changes().empty());
}

TEST(use_book, does_not_save_a_use_that_merely_goes_on) {
  made_node node;
  node.add_image("a");
  node.add_container("c", "a");
  use_book book;
  book.look_at_images(node.look(), noon);
  EXPECT_FALSE(book.take_changes().empty());
  for (int hour = 1; hour < 20; ++hour) book.look_at_images(node.look(), noon + std::chrono::hours(hour));
  EXPECT_TRUE(book.take_changes().empty());
  EXPECT_EQ(book.find("a")->last_used, noon + 19h);
}

TEST(use_book, loads_what_was_in_use_as_used_now_and_the_future_as_now) {
  use_book book;
  book.load({{"held", noon - 90h, noon - 80h, true, image_origin::pulled},
             {"idle", noon - 90h, noon - 80h, false, image_origin::built},
             {"future", noon + 24h * 365, noon + 24h * 366, false, image_origin::loaded},
             {"odd", noon - 1h, noon - 2h, false, image_origin::unknown}},
            noon);
  EXPECT_EQ(book.size(), 4u);
  EXPECT_EQ(*book.find("held"), (use_record{"held", noon - 90h, noon, true, image_origin::pulled}));
  EXPECT_EQ(*book.find("idle"), (use_record{"idle", noon - 90h, noon - 80h, false, image_origin::built}));
  EXPECT_EQ(*book.find("future"), (use_record{"future", noon, noon, false, image_origin::loaded}));
  EXPECT_EQ(book.find("odd")->last_used, noon - 1h) << "never before it was first seen";
  EXPECT_EQ(ids(book.take_changes().records), (std::vector<std::string>{"future", "odd"}));
}

TEST(use_book, keeps_last_use_over_a_restart) {  // k8s 119642, Nomad 26452
  made_node node;
  node.add_image("a");
  use_book before;
  before.look_at_images(node.look(), noon);
  before.use("a", noon + 3h, image_origin::pulled);
  use_book after;
  after.load(before.take_changes().records, noon + 50h);
  after.look_at_images(node.look(), noon + 50h);
  EXPECT_EQ(*after.find("a"), (use_record{"a", noon, noon + 3h, false, image_origin::pulled}));
}

TEST(use_book, enters_what_an_event_names_and_never_goes_back) {
  use_book book;
  book.use("a", noon, image_origin::built);
  EXPECT_EQ(*book.find("a"), (use_record{"a", noon, noon, false, image_origin::built}));
  book.take_changes();
  book.use("a", noon - 1h);
  EXPECT_EQ(book.find("a")->last_used, noon);
  EXPECT_TRUE(book.take_changes().empty());
  book.use("a", noon + 1h);
  EXPECT_EQ(book.find("a")->last_used, noon + 1h);
  EXPECT_EQ(book.find("a")->first_seen, noon);
  EXPECT_EQ(book.take_changes().records.size(), 1u);
}

TEST(use_book, remembers_that_a_registry_had_an_image_whatever_comes_later) {
  use_book book;
  book.use("a", noon);
  EXPECT_EQ(book.find("a")->origin, image_origin::unknown);
  book.use("a", noon, image_origin::loaded);
  EXPECT_EQ(book.find("a")->origin, image_origin::loaded);
  book.use("a", noon);
  EXPECT_EQ(book.find("a")->origin, image_origin::loaded);
  book.use("a", noon, image_origin::pulled);
  book.use("a", noon, image_origin::built);
  EXPECT_EQ(book.find("a")->origin, image_origin::pulled);
}

TEST(use_book, moves_with_the_clock) {
  use_book book;
  book.use("a", noon);
  book.take_changes();
  book.clock_jumped(24h * 365 * 5);
  EXPECT_EQ(book.find("a")->last_used, noon + 24h * 365 * 5);
  EXPECT_EQ(book.find("a")->first_seen, noon + 24h * 365 * 5);
  EXPECT_EQ(book.take_changes().records.size(), 1u);
}

TEST(use_book, has_changes_again_that_could_not_be_saved) {
  made_node node;
  node.add_image("a");
  node.add_image("b");
  node.add_image("c");
  use_book book;
  book.look_at_images(node.look(), noon);
  book.take_changes();
  node.remove_image("a");
  node.remove_image("b");
  book.look_at_images(node.look(), noon + 1h);
  book.use("c", noon + 1h);
  const auto lost = book.take_changes();
  node.add_image("a");     // came back meanwhile
  node.remove_image("c");  // went meanwhile
  book.look_at_images(node.look(), noon + 2h);
  book.put_back(lost);
  const auto again = book.take_changes();
  EXPECT_EQ(ids(again.records), std::vector<std::string>{"a"});
  EXPECT_EQ(again.gone, (std::vector<std::string>{"b", "c"}));
}

TEST(use_book, tells_the_oldest_use_among_those_that_nothing_holds) {
  EXPECT_EQ(use_book().oldest_use(), std::nullopt);
  made_node node;
  node.add_image("held");
  node.add_container("c", "held");
  use_book book;
  book.look_at_images(node.look(), noon);
  EXPECT_EQ(book.oldest_use(), noon);
  book.use("a", noon + 1h);
  book.use("b", noon + 2h);
  EXPECT_EQ(book.oldest_use(), noon + 1h);
}

made_node node_with_volumes(std::vector<std::string> names, instant measured) {
  made_node node;
  node.what.disk.emplace();
  node.what.disk->made_at = measured;
  for (auto& name : names) {
    core::volume one;
    one.name = std::move(name);
    node.what.disk->volumes.push_back(one);
  }
  return node;
}

TEST(use_book, takes_volumes_from_disk_usage_and_from_containers) {
  auto node = node_with_volumes({"data", "idle"}, noon);
  node.what.disk->volumes.push_back({"referenced", "local", false, {}, 1, {}, {}});
  auto& container = node.add_container("c", "a", core::container_state::exited);
  container.volumes = {"data", "new"};  // made after the disk usage was measured
  use_book book;
  book.look_at_volumes(node.look(), noon + 1h);
  book.look_at_volumes(node.look(), noon + 2h);
  EXPECT_EQ(book.size(), 4u);
  EXPECT_TRUE(book.find("data")->in_use);
  EXPECT_TRUE(book.find("new")->in_use);
  EXPECT_TRUE(book.find("referenced")->in_use);
  EXPECT_FALSE(book.find("idle")->in_use);
  EXPECT_EQ(book.find("idle")->last_used, noon + 1h);

  node.remove_container("c");
  book.look_at_volumes(node.look(), noon + 3h);
  ASSERT_NE(book.find("new"), nullptr) << "no disk usage has said yet that it is gone";
  EXPECT_FALSE(book.find("new")->in_use);
  EXPECT_EQ(book.find("new")->last_used, noon + 3h);

  node.what.disk->made_at = noon + 4h;
  book.look_at_volumes(node.look(), noon + 4h);
  EXPECT_EQ(book.find("new"), nullptr);
  EXPECT_NE(book.find("idle"), nullptr);
  EXPECT_FALSE(book.find("data")->in_use);
}

TEST(use_book, forgets_no_volume_without_a_disk_usage) {
  auto node = node_with_volumes({"data"}, noon);
  use_book book;
  book.look_at_volumes(node.look(), noon - 1h);
  made_node bare;
  book.look_at_volumes(bare.look(), noon + 1h);
  EXPECT_NE(book.find("data"), nullptr);
  auto partial = node_with_volumes({}, noon + 1h);
  partial.what.unreadable = 1;
  book.look_at_volumes(partial.look(), noon + 2h);
  EXPECT_NE(book.find("data"), nullptr);
  partial.what.unreadable = 0;
  book.look_at_volumes(partial.look(), noon + 2h);
  EXPECT_EQ(book.find("data"), nullptr);
}

TEST(image_origin, has_a_word_for_each) {
  EXPECT_EQ(to_string(image_origin::unknown), "unknown");
  EXPECT_EQ(to_string(image_origin::pulled), "pulled");
  EXPECT_EQ(to_string(image_origin::built), "built");
  EXPECT_EQ(to_string(image_origin::loaded), "loaded");
}

}  // namespace
}  // namespace docksweep::tests
