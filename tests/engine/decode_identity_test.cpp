// Versions, info, error messages, filters.
#include <gmock/gmock.h>

#include "engine/api_version.hpp"
#include "engine/decode/identity.hpp"
#include "engine/filters.hpp"

namespace docksweep::engine {
namespace {

TEST(api_versions, are_compared_as_numbers) {
  EXPECT_EQ(parse_api_version("1.41"), (api_version{1, 41}));
  EXPECT_LT(*parse_api_version("1.9"), *parse_api_version("1.41"));
  EXPECT_LT(*parse_api_version("1.100"), *parse_api_version("2.0"));
  EXPECT_EQ(to_string(api_version{1, 55}), "1.55");
  for (const std::string text : {"", "1", "1.", ".41", "1.41.0", "v1.41", "1.-1", "1,41", "1.4x", " 1.41"}) {
    EXPECT_EQ(parse_api_version(text), std::nullopt) << text;
  }
}

TEST(decode_info, the_containerd_store_is_known_by_its_driver_type) {
  const auto store = [](const std::string& status) {
    return decode_info(R"({"Driver":"overlayfs","DriverStatus":)" + status + "}")->store;
  };
  EXPECT_EQ(store(R"([["driver-type","io.containerd.snapshotter.v1"]])"), core::image_store::containerd);
  EXPECT_EQ(store(R"([["x","y"],["driver-type","io.containerd.snapshotter.v2"]])"), core::image_store::containerd);
  EXPECT_EQ(
      store(R"([["io.containerd.snapshotter.v1","driver-type"],["driver-type"],["io.containerd.snapshotter.v1"]])"),
      core::image_store::graphdriver);
  EXPECT_EQ(store("null"), core::image_store::graphdriver);
  EXPECT_FALSE(decode_info("{}"));
  EXPECT_FALSE(decode_info(R"({"message":"x"})"));
}

TEST(decode_version, needs_a_version) {
  EXPECT_FALSE(decode_version("{}"));
  EXPECT_FALSE(decode_version("OK"));
  // "Version" of a component is not the engine's.
  EXPECT_FALSE(decode_version(R"({"Components":[{"Version":"1"}]})"));
}

TEST(engine_words, come_from_every_kind_of_error) {
  EXPECT_EQ(engine_words(R"({"message":"No such image: x"})"), "No such image: x");
  EXPECT_EQ(engine_words(R"({"cause":"image not known","message":"failed to find image x","response":404})"),
            "failed to find image x");
  EXPECT_EQ(engine_words("Not Found\n"), "Not Found");
  EXPECT_EQ(engine_words("client version 1.11 is too old."), "client version 1.11 is too old.");
  EXPECT_EQ(engine_words(R"({"message":"two\nlines\t"})"), "two lines");
  EXPECT_EQ(engine_words(""), "");
  EXPECT_EQ(engine_words(R"({"other":1})"), R"({"other":1})");
  EXPECT_EQ(engine_words(std::string(5000, 'x')).size(), 500u);
}

TEST(filters, group_values_of_one_name) {
  EXPECT_EQ(encode_filters({{"label", "a=b"}, {"dangling", "true"}, {"label", "c"}}),
            R"({"label":["a=b","c"],"dangling":["true"]})");
  EXPECT_EQ(encode_filters({{"dangling", "0"}, {"label", "1"}}), R"({"dangling":["false"],"label":["1"]})");
}

}  // namespace
}  // namespace docksweep::engine
