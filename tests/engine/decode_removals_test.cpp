// Answers to removals, and inspects of containers: as real engines gave them, and odd ones.
#include <gmock/gmock.h>

#include "engine/decode/removals.hpp"
#include "support/fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using test::fixture;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

core::result<app::image_removal> decode_removal(const std::string& text, std::size_t piece = 7) {
  engine::image_removal_decoder decoder;
  for (std::size_t at = 0; at < text.size(); at += piece) decoder.feed(std::string_view(text).substr(at, piece));
  return decoder.finish();
}

core::result<core::byte_count> decode_prune(const std::string& text) {
  engine::build_prune_decoder decoder;
  decoder.feed(text);
  return decoder.finish();
}

const std::string digits = "afcafeeae8d1b7707c8c58b11d07082a8e620b94998d9b12d9f84b849eba46a5";

TEST(decode_removals, tells_names_from_layers) {
  const auto removal = decode_removal(R"([{"Untagged":"load/b:1"},{"Untagged":"load/b@sha256:5bd4"},)"
                                      R"({"Deleted":"sha256:)" +
                                      digits + R"("},{"Deleted":"sha256:3941"}])");
  ASSERT_TRUE(removal) << removal.error().message;
  EXPECT_THAT(removal->untagged, ElementsAre("load/b:1", "load/b@sha256:5bd4"));
  EXPECT_THAT(removal->deleted, ElementsAre("sha256:" + digits, "sha256:3941"));
}

TEST(decode_removals, spells_ids_of_podman_as_docker_does) {
  const auto removal = decode_removal(R"([{"Deleted":")" + digits + R"("},{"Untagged":"localhost/load/b:1"}])");
  ASSERT_TRUE(removal);
  EXPECT_THAT(removal->deleted, ElementsAre("sha256:" + digits));
  EXPECT_THAT(removal->untagged, ElementsAre("localhost/load/b:1"));
}

TEST(decode_removals, odd_entries_spoil_nothing) {
  const auto removal = decode_removal(R"([null,7,{"Deleted":null},{"New":"x","Deleted":"sha256:ab"},{"Untagged":3}])");
  ASSERT_TRUE(removal);
  EXPECT_THAT(removal->deleted, ElementsAre("sha256:ab"));
  EXPECT_THAT(removal->untagged, IsEmpty());
}

TEST(decode_removals, what_is_no_whole_list_is_malformed) {
  for (const std::string text : {"", "{}", "null", "[", R"([{"Deleted":"sha256:ab")", "<html>", "[]x"}) {
    const auto removal = decode_removal(text);
    ASSERT_FALSE(removal) << text;
    EXPECT_EQ(removal.error().code, failure_code::malformed) << text;
  }
  EXPECT_TRUE(decode_removal("[]"));
}

TEST(decode_removals, counts_what_a_prune_reclaimed) {
  EXPECT_EQ(decode_prune(R"({"CachesDeleted":["a","b"],"SpaceReclaimed":123456789012})"), 123456789012);
  EXPECT_EQ(decode_prune(R"({"CachesDeleted":null,"SpaceReclaimed":0})"), 0);
  for (const std::string text : {R"({"CachesDeleted":null})", R"({"SpaceReclaimed":-1})", "[]", "Not Found"}) {
    EXPECT_FALSE(decode_prune(text)) << text;
  }
}

struct recorded_container {
  std::string folder;
  std::string id;        // its beginning
  std::string image_id;  // its beginning
  std::int64_t finished;
  core::byte_count writable;
};
class recorded_inspects : public testing::TestWithParam<recorded_container> {};

TEST_P(recorded_inspects, tell_when_a_container_ended_and_whether_it_starts_again) {
  const auto& row = GetParam();
  const auto text = fixture(row.folder + "/container-exited.json");
  const auto ended = engine::decode_container_inspect(text);
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_TRUE(ended->id.starts_with(row.id)) << ended->id;
  EXPECT_EQ(ended->id.size(), 64u);
  EXPECT_TRUE(ended->image_id.starts_with("sha256:" + row.image_id)) << ended->image_id;
  EXPECT_EQ(ended->state, core::container_state::exited);
  EXPECT_EQ(ended->finished_at, core::instant(std::chrono::seconds(row.finished)));
  EXPECT_EQ(ended->restart_policy, "no");
  EXPECT_EQ(ended->writable_bytes, row.writable);
  EXPECT_EQ(ended->inspect, text);
}

TEST_P(recorded_inspects, know_a_container_that_never_ran) {
  const auto created = engine::decode_container_inspect(fixture(GetParam().folder + "/container-created.json"));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->state, core::container_state::created);
  EXPECT_EQ(created->finished_at, std::nullopt);
  EXPECT_EQ(created->restart_policy, "unless-stopped");
}

const recorded_container containers[] = {
    {"docker-20.10", "739594c10d58", "18027b17ae5a", 1795470267, 0},
    {"docker-26", "8915dfa37d94", "05ea72cacaa8", 1795470281, 0},
    {"docker-26-containerd", "fd6177e4f5bc", "ecb1d17a2b87", 1795470273, 4096},
    {"podman-4.3", "b0df5b395fc2", "1a8ed1aad545", 1795470278, 12},
};
INSTANTIATE_TEST_SUITE_P(all, recorded_inspects, testing::ValuesIn(containers));

TEST(decode_container_inspect, takes_no_policy_for_the_policy_no) {
  for (const std::string host : {R"({"RestartPolicy":{"Name":"","MaximumRetryCount":0}})", R"({"RestartPolicy":{}})",
                                 R"({"RestartPolicy":null})", "{}"}) {
    const auto found = engine::decode_container_inspect(R"({"Id":"ab","HostConfig":)" + host + "}");
    ASSERT_TRUE(found) << host;
    EXPECT_EQ(found->restart_policy, "no");
  }
}

TEST(decode_container_inspect, what_says_nothing_of_its_state_counts_as_running) {
  for (const std::string state : {R"({})", R"({"Status":"levitating"})", R"({"Status":7})", "null"}) {
    const auto found = engine::decode_container_inspect(R"({"Id":"ab","HostConfig":{},"State":)" + state + "}");
    ASSERT_TRUE(found) << state;
    EXPECT_EQ(found->state, core::container_state::running);
    EXPECT_EQ(found->finished_at, std::nullopt);
  }
}

TEST(decode_container_inspect, tells_sizes_that_are_nought_from_sizes_that_are_not_known) {
  const auto bytes = [](const std::string& sizes) {
    const auto found = engine::decode_container_inspect(R"({"Id":"ab","HostConfig":{})" + sizes + "}");
    return found ? found->writable_bytes : std::optional<core::byte_count>(-99);
  };
  EXPECT_EQ(bytes(R"(,"SizeRw":12,"SizeRootFs":100)"), 12);
  EXPECT_EQ(bytes(R"(,"SizeRootFs":100)"), 0);
  EXPECT_EQ(bytes(R"(,"SizeRw":-1,"SizeRootFs":-1)"), std::nullopt);
  EXPECT_EQ(bytes(""), std::nullopt);
}

TEST(decode_container_inspect, what_describes_no_container_is_malformed) {
  for (const std::string text : {"", "[]", "{}", R"({"Id":"a b","HostConfig":{}})", R"({"Id":"ab"})",
                                 R"({"Id":"ab","HostConfig":null})", R"({"Id":"ab","HostConfig":{})"}) {
    const auto found = engine::decode_container_inspect(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, failure_code::malformed) << text;
  }
}

TEST(decode_volume_name, needs_one) {
  EXPECT_EQ(engine::decode_volume_name(R"({"Driver":"local","Name":"w10"})"), "w10");
  EXPECT_FALSE(engine::decode_volume_name(R"({"Driver":"local"})"));
}

}  // namespace
}  // namespace docksweep
