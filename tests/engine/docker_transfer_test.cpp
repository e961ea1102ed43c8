// Images saved and loaded through the port.
#include <gmock/gmock.h>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using test::exchange;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class archives : public test::engine_test {
 protected:
  void SetUp() override { record("docker-20.10", "1.41"); }

  core::result<core::byte_count> save() {
    auto saving = port().save_image("sha256:ab", [this](std::string_view piece) -> app::task<core::result<void>> {
      saved += piece;
      co_return core::result<void>();
    });
    return run(std::move(saving));
  }
  core::result<std::vector<std::string>> load(std::vector<std::string> pieces = {"one", "two"}) {
    auto loading = port().load_images([pieces, next = 0u]() mutable -> app::task<core::result<std::string_view>> {
      co_return next < pieces.size() ? std::string_view(pieces[next++]) : std::string_view();
    });
    return run(std::move(loading));
  }
  static std::string tar(std::size_t bytes) { return std::string(bytes, 'x') + std::string(1024, '\0'); }

  std::string saved;
};

TEST_F(archives, save_hands_the_tar_on) {
  server.on("/images/sha256:ab/get", [](exchange& with) {
    with.begin_chunked();
    with.chunk(tar(512 * 1000));
    with.end_chunked();
  });
  const auto bytes = save();
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(*bytes, 512 * 1000 + 1024);
  EXPECT_EQ(saved, tar(512 * 1000));
  EXPECT_EQ(server.calls().back(), "GET /v1.41/images/sha256:ab/get");
  EXPECT_EQ(counts.requests["image_save"], 1);
  EXPECT_EQ(counts.failures["image_save"], 0);
}

// The engine has sent its 200 when a layer turns out to be unreadable.
TEST_F(archives, a_tar_without_its_end_is_no_image) {
  server.on("/images/sha256:ab/get", [](exchange& with) {
    with.begin_chunked();
    with.chunk(std::string(5120, 'x'));
    with.chunk(R"({"errorDetail":{"message":"layer does not exist"},"error":"layer does not exist"})");
    with.end_chunked();
  });
  const auto bytes = save();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, failure_code::engine_error);
  EXPECT_THAT(bytes.error().message, HasSubstr("sha256:ab was not saved"));
  EXPECT_THAT(bytes.error().message, HasSubstr("layer does not exist"));
  EXPECT_EQ(counts.failures["image_save"], 1);
}

TEST_F(archives, a_save_that_breaks_off_or_cannot_be_written_fails) {
  server.on("/images/sha256:ab/get", [](exchange& with) {
    with.begin_chunked();
    with.chunk(tar(5120));
    with.die();
  });
  EXPECT_EQ(save().error().code, failure_code::unreachable);
  server.answer("/images/sha256:ab/get", tar(5120));
  auto saving = port().save_image("sha256:ab", [](std::string_view) -> app::task<core::result<void>> {
    co_return core::fail(failure_code::storage, "no space left on the archive's disk");
  });
  const auto bytes = run(std::move(saving));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, failure_code::storage);
  EXPECT_THAT(bytes.error().message, HasSubstr("no space left on the archive's disk"));
}

TEST_F(archives, an_image_that_is_gone_is_not_found_whatever_the_status) {
  server.answer("/images/sha256:ab/get", R"({"message":"No such image: sha256:ab"})", 404);
  EXPECT_EQ(save().error().code, failure_code::not_found);
  server.answer("/images/sha256:ab/get",  // Docker 20.10
                R"({"message":"failed to get digest sha256:ab: open /x: no such file or directory"})", 500);
  EXPECT_EQ(save().error().code, failure_code::not_found);
  auto nameless = port().save_image("", {});
  EXPECT_EQ(run(std::move(nameless)).error().code, failure_code::invalid);
}

// Docker 20.10 exports to a temporary folder before its first byte: that may take longer than any later silence.
TEST_F(archives, the_first_byte_has_a_time_of_its_own) {
  options.timeout = 5s;
  options.archive_timeout = 5s;
  options.transfer_silence = 200ms;
  server.on("/images/sha256:ab/get", [](exchange& with) {
    with.wait(500ms);
    with.reply(200, tar(512));
  });
  EXPECT_TRUE(save());
}

TEST_F(archives, load_sends_the_tar_and_names_what_came) {
  std::string arrived;
  server.on("/images/load", [&](exchange& with) {
    arrived = with.read_chunks();
    with.reply(200, test::fixture("docker-20.10/load.ndjson"));
  });
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(*loaded, ElementsAre("load/a:1", "load/a:latest", "load/b:1", "load/c:1", "other/c:2", "third:3"));
  EXPECT_EQ(arrived, "onetwo");
  const auto request = server.requests().back();
  EXPECT_EQ(request.target, "/v1.41/images/load?quiet=1");
  EXPECT_EQ(request.header("Content-Type"), "application/x-tar");
  EXPECT_EQ(counts.requests["image_load"], 1);
}

TEST_F(archives, a_load_that_fails_says_why) {
  server.on("/images/load", [](exchange& with) {
    with.read_chunks();
    with.reply(200, R"({"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"})");
  });
  auto loaded = load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, "the archive was not loaded: unexpected EOF");
  EXPECT_EQ(counts.failures["image_load"], 1);
  server.on("/images/load", [](exchange& with) {
    with.read_chunk();
    with.reply(500, R"({"message":"write /var/lib/docker/tmp: no space left on device"})");
    with.close();
  });
  loaded = load(std::vector<std::string>(200, std::string(100'000, 'x')));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, failure_code::engine_error);
  EXPECT_THAT(loaded.error().message, HasSubstr("no space left on device"));
  server.on("/images/load", [](exchange& with) {
    with.read_chunks();
    with.reply(200, "{}");
  });
  EXPECT_EQ(load().error().code, failure_code::malformed);
}

TEST_F(archives, a_damaged_archive_is_not_sent_to_its_end) {
  bool whole = false;
  server.on("/images/load", [&](exchange& with) {
    for (auto piece = with.read_chunk(); piece; piece = with.read_chunk()) whole = piece->empty();
  });
  auto loading = port().load_images([asked = 0]() mutable -> app::task<core::result<std::string_view>> {
    if (++asked == 2) co_return core::fail(failure_code::malformed, "the archive is damaged");
    co_return std::string_view("half");
  });
  const auto loaded = run(std::move(loading));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, failure_code::malformed);
  EXPECT_THAT(loaded.error().message, HasSubstr("the archive is damaged"));
  server.stop();
  EXPECT_FALSE(whole);
}

TEST_F(archives, a_source_is_never_read_twice) {
  server.answer("/images/load", R"({"message":"client version 1.41 is too old"})", 400);
  const auto loaded = load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, failure_code::too_old);
  EXPECT_EQ(server.count("/images/load"), 1);
}

}  // namespace
}  // namespace docksweep
