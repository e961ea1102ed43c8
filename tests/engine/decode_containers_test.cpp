// Container listings in odd shapes.
#include <gmock/gmock.h>

#include "engine/decode/containers.hpp"
#include "support/fixture.hpp"

namespace docksweep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

core::container only(const std::string& fields) {
  const auto listing = engine::decode_containers(R"([{"Id":"c1")" + fields + "}]");
  if (!listing) throw std::runtime_error(listing.error().message);
  return listing->items.at(0);
}

TEST(decode_containers, reads_every_field) {
  const std::string digits(64, 'a');
  const auto container = only(R"(,"Names":["/web","/app/db"],"Image":"web:1","ImageID":"sha256:)" + digits +
                              R"x(","State":"paused","Status":"Up 2 hours (Paused)","Created":1700000000,"SizeRw":3,)x"
                              R"("Labels":{"b":"2","a":"1"},"Mounts":[{"Type":"volume","Name":"data"}])");
  EXPECT_EQ(container, (core::container{.id = "c1",
                                        .names = {"web", "app/db"},
                                        .image_id = "sha256:" + digits,
                                        .image_name = "web:1",
                                        .state = core::container_state::paused,
                                        .status = "Up 2 hours (Paused)",
                                        .created = core::instant(std::chrono::seconds(1700000000)),
                                        .writable_bytes = 3,
                                        .image_mounts = {},
                                        .volumes = {"data"},
                                        .labels = {{"a", "1"}, {"b", "2"}}}));
}

TEST(decode_containers, states_of_all_engines) {
  const auto state = [](const std::string& word) { return only(R"(,"State":")" + word + "\"").state; };
  using enum core::container_state;
  EXPECT_EQ(state("created"), created);
  EXPECT_EQ(state("running"), running);
  EXPECT_EQ(state("paused"), paused);
  EXPECT_EQ(state("restarting"), restarting);
  EXPECT_EQ(state("removing"), removing);
  EXPECT_EQ(state("exited"), exited);
  EXPECT_EQ(state("dead"), dead);
  EXPECT_EQ(state("configured"), created);
  EXPECT_EQ(state("never heard of"), running);
  EXPECT_EQ(only("").state, running);
}

TEST(decode_containers, sizes_are_known_only_when_asked_for) {
  EXPECT_EQ(only("").writable_bytes, std::nullopt);
  EXPECT_EQ(only(R"(,"SizeRw":7,"SizeRootFs":9)").writable_bytes, 7);
  EXPECT_EQ(only(R"(,"SizeRootFs":9)").writable_bytes, 0);
  EXPECT_EQ(only(R"(,"SizeRw":-1)").writable_bytes, std::nullopt);
  EXPECT_EQ(only(R"(,"SizeRw":0)").writable_bytes, 0);
}

// A name, or nothing readable, is no key to join on.
TEST(decode_containers, image_ids_are_ids) {
  EXPECT_EQ(only(R"(,"ImageID":")" + std::string(64, 'a') + "\"").image_id, "sha256:" + std::string(64, 'a'));
  EXPECT_EQ(only(R"(,"ImageID":"localhost/a:1","Image":"localhost/a:1")").image_id, "");
  EXPECT_EQ(only(R"(,"ImageID":"","Image":"a:1")").image_name, "a:1");
}

TEST(decode_containers, mounted_images_and_volumes) {
  const std::string id = "sha256:" + std::string(64, 'b');
  const auto container = only(
      R"(,"Mounts":[{"Type":"volume","Name":"data","Source":"/v"},{"Type":"bind","Name":"","Source":"/srv"},)"
      R"({"Type":"image","Name":"tools:1","Source":"/var/lib/docker/overlay2/x/merged"},{"Type":"image","Source":")" +
      id + R"("},{"Type":"image","Source":"/somewhere"},{"Name":"old","Driver":"local"},{"Type":"tmpfs"},null,7])");
  EXPECT_THAT(container.volumes, ElementsAre("data", "old"));
  EXPECT_THAT(container.image_mounts, ElementsAre("tools:1", id, "/somewhere"));
}

TEST(decode_containers, entries_without_a_readable_id_are_counted) {
  const auto listing =
      engine::decode_containers(R"([{"Names":["/x"]},{"Id":""},{"Id":"a b"},{"Id":5},null,3,[],{"Id":"ok"}])");
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(listing->unreadable, 7);
  ASSERT_EQ(listing->items.size(), 1u);
  EXPECT_THAT(listing->items.front().names, IsEmpty());
}

TEST(decode_containers, what_is_no_list_is_a_failure) {
  for (const std::string text : {"", "null", "{}", "[{]", "[", "true"}) {
    const auto listing = engine::decode_containers(text);
    ASSERT_FALSE(listing) << text;
    EXPECT_EQ(listing.error().code, core::failure_code::malformed);
  }
}

TEST(decode_containers, shapes_of_api_1_44_to_1_52) {
  for (const std::string folder : {"api-1.44", "api-1.47"}) {
    const auto listing = engine::decode_containers(test::fixture(folder + "/containers.json"));
    ASSERT_TRUE(listing) << listing.error().message;
    ASSERT_EQ(listing->items.size(), 4u);
    EXPECT_EQ(listing->items[0].id, "8dfafdbc3a40");
    EXPECT_THAT(listing->items[0].names, ElementsAre("boring_feynman"));
    EXPECT_EQ(listing->items[0].image_id, "sha256:d74508fb6632491cea586a1fd7d748dfc5274cd6fdfedee309ecdcbc2bf5cb82");
    EXPECT_EQ(listing->items[0].writable_bytes, 12288);
    EXPECT_THAT(listing->items[0].volumes, ElementsAre("fac362...80535"));
  }
  const auto newer = engine::decode_containers(test::fixture("api-1.52/containers.json"));
  ASSERT_TRUE(newer);
  const auto& container = newer->items.at(0);
  EXPECT_EQ(container.image_name, "docker.io/library/ubuntu:latest");
  EXPECT_EQ(container.status, "Up 4 days");
  EXPECT_EQ(container.writable_bytes, 122880);
  EXPECT_EQ(container.created, core::instant(std::chrono::seconds(1739811096)));
  EXPECT_EQ(container.labels.front(), (std::pair<std::string, std::string>("com.example.license", "GPL")));
}

TEST(decode_containers, a_size_that_could_not_be_measured_is_not_nought) {
  const auto listing = engine::decode_containers(
      R"([{"Id":"a","SizeRw":-1,"SizeRootFs":-1},{"Id":"b","SizeRootFs":7},{"Id":"c","SizeRw":3,"SizeRootFs":7}])");
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->items[0].writable_bytes, std::nullopt);
  EXPECT_EQ(listing->items[1].writable_bytes, 0);
  EXPECT_EQ(listing->items[2].writable_bytes, 3);
}

}  // namespace
}  // namespace docksweep
