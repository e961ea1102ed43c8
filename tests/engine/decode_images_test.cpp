// Image listings, inspects and histories in odd shapes: one odd entry spoils nothing else, and what is no answer is a
// failure.
#include <gmock/gmock.h>

#include "engine/decode/images.hpp"
#include "support/fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string a64(64, 'a');
const std::string a_id = "sha256:" + a64;

core::image only(const std::string& entry) {
  const auto listing = engine::decode_images("[" + entry + "]");
  if (!listing) throw std::runtime_error(listing.error().message);
  return listing->items.at(0);
}

TEST(decode_images, unknown_fields_change_nothing) {
  const auto plain = only(R"({"Id":")" + a_id + R"(","RepoTags":["a:1"],"Size":5,"Created":7,"Labels":{"k":"v"}})");
  const auto extended =
      only(R"({"Future":{"Id":"sha256:ff","RepoTags":["b:2"],"deep":[[[{"Size":9}]]]},"Id":")" + a_id +
           R"(","RepoTags":["a:1"],"NewList":[1,2,{"Id":3}],"Size":5,"NewNumber":1e300,"Created":7,)"
           R"("Labels":{"k":"v"},"NewNull":null,"NewBool":true})");
  EXPECT_EQ(plain, extended);
  EXPECT_THAT(plain.tags, ElementsAre("a:1"));
}

TEST(decode_images, missing_null_minus_one_and_zero_are_different) {
  const auto with = [](const std::string& fields) { return only(R"({"Id":")" + a_id + "\"" + fields + "}"); };
  EXPECT_EQ(with("").size, std::nullopt);
  EXPECT_EQ(with(R"(,"Size":null)").size, std::nullopt);
  EXPECT_EQ(with(R"(,"Size":-1)").size, std::nullopt);
  EXPECT_EQ(with(R"(,"Size":0)").size, 0);
  EXPECT_EQ(with(R"(,"Size":9223372036854775807)").size, 9223372036854775807);
  EXPECT_EQ(with(R"(,"SharedSize":-1)").shared_size, std::nullopt);
  EXPECT_EQ(with(R"(,"SharedSize":0)").shared_size, 0);
  EXPECT_EQ(with("").created, std::nullopt);
  EXPECT_EQ(with(R"(,"Created":-62135596800)").created, std::nullopt);
  EXPECT_EQ(with(R"(,"Created":0)").created, core::instant());
  EXPECT_THAT(with(R"(,"Labels":null)").labels, IsEmpty());
  EXPECT_THAT(with(R"(,"RepoTags":null,"RepoDigests":null)").tags, IsEmpty());
}

TEST(decode_images, a_field_of_the_wrong_type_is_no_more_than_missing) {
  const auto image = only(R"({"Id":")" + a_id +
                          R"(","Size":"big","Created":"2026","RepoTags":"a:1","RepoDigests":[1,null,{}],)"
                          R"("Labels":["x"],"ParentId":7,"SharedSize":[3]})");
  EXPECT_EQ(image, (core::image{.id = a_id, .parent_id = {}, .tags = {}, .digests = {}, .labels = {}}));
}

TEST(decode_images, names_go_where_they_belong) {
  const auto image = only(R"({"Id":")" + a_id +
                          R"(","RepoTags":["<none>:<none>","a:1","b@sha256:12","host:5000/c:2","d:<none>"],)"
                          R"("RepoDigests":["<none>@<none>","b@sha256:12","a@sha256:34"]})");
  EXPECT_THAT(image.tags, ElementsAre("a:1", "host:5000/c:2"));
  EXPECT_THAT(image.digests, ElementsAre("b@sha256:12", "a@sha256:34"));
}

TEST(decode_images, bare_hex_gets_its_algorithm) {
  const auto image = only(R"({"Id":")" + a64 + R"(","ParentId":")" + std::string(64, 'b') + "\"}");
  EXPECT_EQ(image.id, a_id);
  EXPECT_EQ(image.parent_id, "sha256:" + std::string(64, 'b'));
}

TEST(decode_images, labels_are_sorted_and_kept_as_they_are) {
  const auto image = only(R"({"Id":")" + a_id + R"(","Labels":{"z":"1","a":"\u00e9 \"q\" \n","m":""}})");
  EXPECT_EQ(image.labels, (core::label_list{{"a", "\u00e9 \"q\" \n"}, {"m", ""}, {"z", "1"}}));
}

TEST(decode_images, entries_without_a_readable_id_are_counted) {
  const auto listing =
      engine::decode_images(R"([{"Id":"","Size":1},{"Size":1},{"Id":null},{"Id":17},{"Id":"busybox"},null,)"
                            R"(5,"text",true,[],{"Id":")" +
                            a_id + R"(","Size":2},{"Id":"sha256:XYZ"}])");
  ASSERT_TRUE(listing) << listing.error().message;
  // Everything but the one good entry; the empty array is no image either.
  EXPECT_EQ(listing->unreadable, 11);
  ASSERT_EQ(listing->items.size(), 1u);
  EXPECT_EQ(listing->items.front().size, 2);
}

TEST(decode_images, an_odd_entry_leaves_nothing_behind_for_the_next) {
  const auto listing =
      engine::decode_images(R"([{"RepoTags":["ghost:1"],"Labels":{"g":"1"},"Size":9},{"Id":")" + a_id + "\"}]");
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->unreadable, 1);
  EXPECT_EQ(listing->items.at(0), (core::image{.id = a_id, .parent_id = {}, .tags = {}, .digests = {}, .labels = {}}));
}

TEST(decode_images, what_is_no_list_is_a_failure) {
  for (const std::string text : {"", " ", "null", "{}", R"({"message":"x"})", "5", "\"x\"", "[", "[{", "[{}",
                                 R"([{"Id":"x)", "[]]", "[] x", "<html>", "[{}{}]", "[1,]", "nul"}) {
    const auto listing = engine::decode_images(text);
    ASSERT_FALSE(listing) << text;
    EXPECT_EQ(listing.error().code, failure_code::malformed) << text;
    EXPECT_FALSE(listing.error().message.empty());
  }
  EXPECT_TRUE(engine::decode_images("[]"));
  EXPECT_TRUE(engine::decode_images(" [ ] \n"));
}

TEST(decode_images, every_way_to_cut_a_listing_in_two_gives_the_same) {
  const auto text = test::fixture("docker-26-containerd/images.json").substr(0, 700) + R"("]}])";
  const auto whole = engine::decode_images(text);
  ASSERT_TRUE(whole) << whole.error().message;
  ASSERT_FALSE(whole->items.empty());
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    engine::image_list_decoder decoder;
    decoder.feed(std::string_view(text).substr(0, cut));
    decoder.feed(std::string_view(text).substr(cut));
    const auto halves = decoder.finish();
    ASSERT_TRUE(halves) << cut;
    ASSERT_EQ(halves->items, whole->items) << cut;
  }
}

TEST(decode_images, byte_by_byte_gives_the_same) {
  const auto text = test::fixture("podman-5.8/images.json");
  const auto whole = engine::decode_images(text);
  engine::image_list_decoder decoder;
  for (const char& byte : text) decoder.feed(std::string_view(&byte, 1));
  const auto pieces = decoder.finish();
  ASSERT_TRUE(whole && pieces);
  EXPECT_EQ(pieces->items, whole->items);
}

TEST(decode_images, every_truncation_is_a_failure) {
  const auto text = test::fixture("docker-20.10/images.json").substr(0, 400);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(engine::decode_images(text.substr(0, size))) << size;
  }
}

TEST(decode_images, deep_nesting_and_long_texts_are_survived) {
  std::string deep = R"([{"Id":")" + a_id + R"(","X":)";
  for (int i = 0; i < 100; ++i) deep += R"({"a":[)";
  for (int i = 0; i < 100; ++i) deep += "]}";
  EXPECT_TRUE(engine::decode_images(deep + "}]"));
  EXPECT_FALSE(engine::decode_images(std::string(100000, '[')));
  const auto image =
      only(R"({"Id":")" + a_id + R"(","Labels":{"long":")" + std::string(1 << 20, 'x') + R"("},"Size":4})");
  EXPECT_EQ(image.size, 4);
  EXPECT_EQ(image.labels.at(0).second, "");
}

TEST(decode_images, shapes_of_api_1_44_to_1_52) {
  for (const std::string folder : {"api-1.44", "api-1.47", "api-1.52"}) {
    const auto listing = engine::decode_images(test::fixture(folder + "/images.json"));
    ASSERT_TRUE(listing) << folder << ": " << listing.error().message;
    ASSERT_EQ(listing->items.size(), 1u);
    const auto& image = listing->items.front();
    EXPECT_EQ(image.id, "sha256:ec3f0931a6e6b6855d76b2d7b0be30e81860baccd891b2e243280bf1cd8ad710");
    EXPECT_THAT(image.tags, ElementsAre("example:1.0", "example:latest", "example:stable",
                                        "internal.registry.example.com:5000/example:1.0"));
    EXPECT_EQ(image.digests.size(), 2u);
    EXPECT_EQ(image.created, core::instant(std::chrono::seconds(1644009612)));
    EXPECT_EQ(image.size, 172064416);
    EXPECT_EQ(image.shared_size, 1239828);
    EXPECT_EQ(image.labels.size(), 2u);
    EXPECT_EQ(image.parent_id, "");
  }
}

TEST(decode_image_inspect, reads_platform_times_and_missing_fields) {
  const auto full = engine::decode_image_inspect(
      R"({"Id":")" + a_id +
      R"(","Created":"2026-11-23T19:10:57.108345723+02:00","Os":"linux","Architecture":"arm64","Variant":"v8",)"
      R"("RootFS":{"Type":"layers","Layers":["sha256:1","sha256:2"]},"Size":7,"Config":{"Labels":null}})");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->details.platform, "linux/arm64/v8");
  EXPECT_EQ(full->image.created, core::instant(std::chrono::seconds(1795453857)));
  EXPECT_THAT(full->details.diff_ids, ElementsAre("sha256:1", "sha256:2"));
  EXPECT_EQ(full->details.content_size, 7);
  // API 1.52 leaves out what is empty.
  const auto bare = engine::decode_image_inspect(R"({"Id":")" + a_id + "\"}");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->image, (core::image{.id = a_id, .parent_id = {}, .tags = {}, .digests = {}, .labels = {}}));
  EXPECT_EQ(bare->details.platform, "");
  EXPECT_EQ(bare->details.content_size, std::nullopt);
}

TEST(decode_image_inspect, times_that_mean_never_or_nothing) {
  for (const std::string time : {"\"0001-01-01T00:00:00Z\"", "\"\"", "\"yesterday\"", "null", "5"}) {
    const auto image = engine::decode_image_inspect(R"({"Id":")" + a_id + R"(","Created":)" + time + "}");
    ASSERT_TRUE(image) << time;
    EXPECT_EQ(image->image.created, std::nullopt) << time;
  }
}

TEST(decode_image_inspect, without_an_id_it_is_a_failure) {
  for (const std::string text : {"{}", "[]", "null", "", R"({"message":"No such image"})", R"({"Id":")"}) {
    const auto image = engine::decode_image_inspect(text);
    ASSERT_FALSE(image) << text;
    EXPECT_EQ(image.error().code, failure_code::malformed);
  }
}

TEST(decode_image_history, is_turned_round_and_loses_its_zeros) {
  const auto history =
      engine::decode_image_history(R"([{"Size":0},{"Size":30},{"Size":-1},{"Size":20},{"Size":null},{},{"Size":10}])");
  ASSERT_TRUE(history);
  EXPECT_THAT(history->sizes, ElementsAre(10, 20, 30));
  EXPECT_TRUE(history->any);
  EXPECT_FALSE(engine::decode_image_history("[]")->any);
  EXPECT_FALSE(engine::decode_image_history("null")->any);
  EXPECT_FALSE(engine::decode_image_history("{}"));
}

}  // namespace
}  // namespace docksweep
