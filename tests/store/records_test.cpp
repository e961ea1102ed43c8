// Records: what goes in comes out, and bytes that make no sense are absent, never a crash.
#include "store/records.hpp"

#include <gtest/gtest.h>

#include <random>

#include "store/blob.hpp"

namespace docksweep::test {
namespace {

using namespace store;

std::string digest(char c) {
  return "sha256:" + std::string(64, c);
}

core::image_details full_details() {
  core::image_details details;
  details.id = digest('1');
  details.diff_ids = {digest('a'), digest('b'), "sha512:odd"};
  details.chain_ids = {digest('a'), digest('c'), digest('d')};
  details.history_sizes = {0, -1, 1, 127, 128, 5'000'000'000, INT64_MAX, INT64_MIN};
  details.has_history = true;
  details.content_size = 0;
  details.listed_size = -1;
  details.platform = "linux/arm64/v8";
  return details;
}

const core::engine_identity engine{
    "e", "docker", "28.5.2", "1.51", "overlay2", core::image_store::graphdriver, "/var/lib/docker"};

core::disk_usage full_usage() {
  core::disk_usage usage;
  usage.made_at = core::instant(std::chrono::nanoseconds(1'764'000'000'123'456'789));
  usage.images_bytes = 1;
  usage.volumes_bytes = 0;
  usage.build_cache_bytes = 77;
  usage.build_cache_shared_bytes = 7;
  usage.build_cache_reclaimable_bytes = 70;
  core::volume volume;
  volume.name = std::string(64, 'e');
  volume.driver = "local";
  volume.anonymous = true;
  volume.size = 4096;
  volume.references = 0;
  volume.created = core::instant(std::chrono::seconds(-5));
  volume.labels = {{"com.docker.volume.anonymous", ""}, {"k", "v\0w"}};
  core::volume remote;
  remote.name = "Remote-Ä";
  usage.volumes = {volume, remote};
  usage.container_writable_bytes = {{std::string(64, 'f'), 12}, {"SHORT", 0}};
  return usage;
}

TEST(records, details_come_back_as_they_were) {
  const core::image_details details = full_details();
  EXPECT_EQ(decode_image_details(details.id, encode(details)), details);
  const core::image_details empty{.id = digest('2')};
  EXPECT_EQ(decode_image_details(empty.id, encode(empty)), empty);
  core::image_details odd = details;  // as no engine should answer
  odd.chain_ids = {digest('9')};
  EXPECT_EQ(decode_image_details(odd.id, encode(odd)), odd);
}

TEST(records, disk_usage_comes_back_as_it_was) {
  EXPECT_EQ(decode_disk_usage(encode(full_usage(), engine), engine), full_usage());
  EXPECT_EQ(decode_disk_usage(encode(core::disk_usage{}, engine), engine), core::disk_usage{});
}

TEST(records, disk_usage_is_absent_for_an_engine_with_other_storage) {
  const std::string record = encode(full_usage(), engine);
  core::engine_identity upgraded = engine;
  upgraded.version = "29.0.0";
  EXPECT_TRUE(decode_disk_usage(record, upgraded));
  core::engine_identity other = engine;
  other.store = core::image_store::containerd;
  EXPECT_FALSE(decode_disk_usage(record, other));
  other = engine;
  other.storage_driver = "vfs";
  EXPECT_FALSE(decode_disk_usage(record, other));
  other = engine;
  other.root_dir = "/data/docker";
  EXPECT_FALSE(decode_disk_usage(record, other));
}

TEST(records, digests_are_stored_as_raw_bytes) {
  core::image_details details{.id = digest('1')};
  details.diff_ids = {digest('a'), digest('b'), digest('c')};
  details.chain_ids = {digest('a'), digest('d'), digest('e')};
  EXPECT_LT(encode(details).size(), 5 * 33 + 12);
}

TEST(records, ids_come_back_as_they_were) {
  for (const std::string& id : {digest('0'), std::string(64, 'a'), std::string(64, 'A'), std::string("x"),
                                std::string(), "sha256:" + std::string(63, 'a'), "sha256:" + std::string(64, 'g')}) {
    EXPECT_EQ(decode_id(encode_id(id)), id);
  }
}

TEST(records, bytes_cut_short_or_of_another_format_are_absent) {
  const std::string details = encode(full_details());
  const std::string usage = encode(full_usage(), engine);
  for (std::size_t size = 0; size < details.size(); ++size) {
    EXPECT_FALSE(decode_image_details("x", std::string_view(details).substr(0, size))) << size;
  }
  for (std::size_t size = 0; size < usage.size(); ++size) {
    EXPECT_FALSE(decode_disk_usage(std::string_view(usage).substr(0, size), engine)) << size;
  }
  EXPECT_FALSE(decode_image_details("x", details + "more"));
  std::string newer = details;
  newer.front() = 2;
  EXPECT_FALSE(decode_image_details("x", newer));
}

TEST(records, random_bytes_never_do_harm) {
  std::minstd_rand random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 60, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (!bytes.empty()) bytes.front() = 1;
    (void)decode_image_details("x", bytes);
    if (!bytes.empty()) bytes.front() = 2;
    (void)decode_disk_usage(bytes, engine);
    (void)decode_id(bytes);
  }
}

}  // namespace
}  // namespace docksweep::test
