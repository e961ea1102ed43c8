// The progress of pulls and loads: what engines really sent, and what must not pass for a success.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/decode/progress.hpp"
#include "engine/decode/tar_end.hpp"
#include "support/fixture.hpp"

namespace docksweep::engine {
namespace {

using core::failure_code;
using test::fixture;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct decoded {
  core::result<app::pulled_image> pulled;
  std::vector<app::transfer_progress> lines;
};

// In pieces of so many bytes.
decoded pull(std::string_view text, bool podman = false, std::size_t piece_bytes = std::string::npos) {
  decoded all;
  pull_decoder decoder([&](const app::transfer_progress& line) { all.lines.push_back(line); });
  for (std::size_t at = 0; at < text.size(); at += std::min(piece_bytes, text.size())) {
    const auto fed = decoder.feed(text.substr(at, piece_bytes));
    if (fed) continue;
    all.pulled = std::unexpected(fed.error());
    return all;
  }
  all.pulled = decoder.finish(podman);
  return all;
}

core::result<std::vector<std::string>> load(std::string_view text) {
  load_decoder decoder;
  if (const auto fed = decoder.feed(text); !fed) return std::unexpected(fed.error());
  return decoder.finish();
}

const std::string well = R"({"status":"Status: Downloaded newer image for a:1"})"
                         "\r\n";

class recorded_pulls : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(each, recorded_pulls,
                         testing::Values("docker-20.10", "docker-26", "docker-26-containerd", "docker-28",
                                         "docker-29-containerd"),
                         [](const auto& with) {
                           std::string name = with.param;
                           std::ranges::replace_if(name, [](char c) { return c == '-' || c == '.'; }, '_');
                           return name;
                         });

TEST_P(recorded_pulls, are_read_however_they_are_cut) {
  const auto text = fixture(std::string(GetParam()) + "/pull.ndjson");
  const auto whole = pull(text);
  ASSERT_TRUE(whole.pulled) << whole.pulled.error().message;
  EXPECT_TRUE(whole.pulled->was_newer);
  EXPECT_THAT(whole.pulled->digest, testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_EQ(whole.lines.front().status, "Pulling from team/a");
  EXPECT_EQ(whole.lines.front().layer, "") << "the tag is no layer";
  EXPECT_THAT(whole.lines, Contains(testing::Field(&app::transfer_progress::status, "Pulling fs layer")));
  for (const std::size_t bytes : {1, 2, 7, 100}) {
    const auto cut = pull(text, false, bytes);
    ASSERT_TRUE(cut.pulled) << cut.pulled.error().message;
    EXPECT_EQ(cut.pulled->digest, whole.pulled->digest);
    EXPECT_THAT(cut.lines, SizeIs(whole.lines.size()));
  }
}

TEST_P(recorded_pulls, up_to_date_is_nothing_new) {
  const auto again = pull(fixture(std::string(GetParam()) + "/pull_again.ndjson"));
  ASSERT_TRUE(again.pulled) << again.pulled.error().message;
  EXPECT_FALSE(again.pulled->was_newer);
  EXPECT_THAT(again.pulled->digest, SizeIs(71));
}

TEST_P(recorded_pulls, that_end_early_are_no_success) {
  const auto text = fixture(std::string(GetParam()) + "/pull.ndjson");
  const auto complete = text.rfind('}');
  for (std::size_t end = 0; end < complete; ++end) {
    EXPECT_FALSE(pull(text.substr(0, end)).pulled) << text.substr(0, end);
  }
}

TEST(pull_decoder, gives_bytes_of_layers) {
  const auto all = pull(
      R"({"status":"Downloading","progressDetail":{"current":3,"total":10},"id":"aa"}{"status":"Extracting","progressDetail":{"current":7,"units":"s"},"id":"aa"}{"status":"Download complete","progressDetail":{"hidecounts":true},"id":"aa"}{"status":"Downloading","progressDetail":{"current":-1,"total":-1},"id":"bb"})" +
      well);
  ASSERT_THAT(all.lines, SizeIs(5));
  EXPECT_EQ(all.lines[0].layer, "aa");
  EXPECT_EQ(all.lines[0].current, 3);
  EXPECT_EQ(all.lines[0].total, 10);
  EXPECT_EQ(all.lines[1].current, std::nullopt) << "seconds are no bytes";
  EXPECT_EQ(all.lines[2].total, std::nullopt);
  EXPECT_EQ(all.lines[3].current, std::nullopt);
  EXPECT_EQ(all.lines[3].total, std::nullopt);
}

// Docker 26.1 on overlay2, asked for another platform than the image has, says so after "Status: …".
TEST(pull_decoder, an_error_counts_wherever_it_comes) {
  const std::string error =
      R"({"errorDetail":{"message":"wanted linux/arm64, actual: linux/amd64"},"error":"wanted linux/arm64, actual: linux/amd64"})";
  for (const auto& text : {error + well, well + error, well + error + well}) {
    const auto all = pull(text);
    ASSERT_FALSE(all.pulled) << text;
    EXPECT_EQ(all.pulled.error().code, failure_code::engine_error);
    EXPECT_EQ(all.pulled.error().message, "wanted linux/arm64, actual: linux/amd64");
  }
}

TEST(pull_decoder, every_form_of_an_error_is_one) {
  for (const char* error : {R"({"error":"broken"})", R"({"errorDetail":{"message":"broken"}})",
                            R"({"errorDetail":{"code":500,"message":"broken"},"error":"broken"})", R"({"error":""})",
                            R"({"errorDetail":{}})", R"({"status":"x","error":"broken"})"}) {
    EXPECT_FALSE(pull(error + well).pulled) << error;
  }
  EXPECT_TRUE(pull(R"({"status":"x","error":null,"errorDetail":null})" + well).pulled);
  const auto refused = pull(R"({"errorDetail":{"code":401,"message":"go away"},"error":"go away"})");
  EXPECT_EQ(refused.pulled.error().code, failure_code::refused);
  EXPECT_EQ(refused.pulled.error().http_status, 401);
}

// An error longer than any text that is kept must not become nothing.
TEST(pull_decoder, what_is_too_long_is_no_success) {
  const auto huge = std::string(100'000, 'x');
  EXPECT_FALSE(pull(R"({"error":")" + huge + "\"}" + well).pulled);
  EXPECT_TRUE(pull(R"({"status":")" + huge + "\"}" + well).pulled);
  const auto larger = pull(R"({"aux":")" + std::string(2 << 20, 'x') + "\"}" + well, false, 10'000);
  ASSERT_FALSE(larger.pulled);
  EXPECT_THAT(larger.pulled.error().message, HasSubstr("larger than 1 MiB"));
}

TEST(pull_decoder, what_is_no_progress_is_no_success) {
  for (const char* text : {"", "\r\n", "Not Found", "<html></html>", "[]", "1", "{} {} {}", R"({"status":)"}) {
    const auto all = pull(text);
    ASSERT_FALSE(all.pulled) << text;
    EXPECT_EQ(all.pulled.error().code, failure_code::malformed) << text;
  }
  EXPECT_FALSE(pull(well + "oops").pulled);
  EXPECT_FALSE(pull(well + R"({"status":"Downl)").pulled);
  EXPECT_FALSE(pull(well + R"({"status":"Downloading","id":"aa"})").pulled) << "it is not the last word";
}

TEST(pull_decoder, podman_ends_with_the_image) {
  const auto text = fixture("podman-4.3/pull.ndjson");
  const auto pulled = pull(text, true).pulled;
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_TRUE(pulled->was_newer);
  EXPECT_EQ(pulled->digest, "");
  EXPECT_FALSE(pull(text, false).pulled) << "Docker says more";
  const auto again = pull(fixture("podman-4.3/pull_again.ndjson"), true).pulled;
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->was_newer);
  for (std::size_t end = 0; end < text.rfind('}'); ++end) {
    EXPECT_FALSE(pull(text.substr(0, end), true).pulled) << "a layer is no image: " << text.substr(0, end);
  }
  EXPECT_FALSE(pull(text + R"({"progressDetail":{},"errorDetail":{"message":"x"},"error":"x"})", true).pulled);
  // Where the configuration is not told of as a layer.
  EXPECT_TRUE(pull(R"({"status":"Already exists","id":"aa"}{"status":"Pull complete","id":"bb"})", true).pulled);
}

TEST(pull_decoder, nothing_that_it_says_moves_a_terminals_cursor) {
  const auto all = pull(R"({"status":"\u001b[2Jgone","id":"\u0007aa"})" + well);
  EXPECT_EQ(all.lines.front().status, " [2Jgone");
  EXPECT_EQ(all.lines.front().layer, " aa");
  EXPECT_EQ(pull(R"({"error":"a\u001b[2J\nb"})").pulled.error().message, "a [2J b");
}

TEST(pull_failures, are_told_apart_by_what_engines_say) {
  struct row {
    const char* words;
    failure_code code;
  };
  for (const auto& [words, code] : {
           row{"manifest for 127.0.0.1:5000/team/a:nope not found: manifest unknown: manifest unknown",
               failure_code::not_found},
           row{"failed to resolve reference \"127.0.0.1:5000/team/a:nope\": 127.0.0.1:5000/team/a:nope: not found",
               failure_code::not_found},
           row{"pull access denied for nope, repository does not exist or may require 'docker login': denied: "
               "requested access to the resource is denied",
               failure_code::not_found},
           row{"no matching manifest for linux/s390x in the manifest list entries", failure_code::not_found},
           row{"Head \"http://127.0.0.1:5010/v2/team/a/manifests/1\": no basic auth credentials",
               failure_code::refused},
           row{"failed to resolve reference \"127.0.0.1:5010/team/a:1\": pull access denied, repository does not exist "
               "or may require authorization: authorization failed: no basic auth credentials",
               failure_code::refused},
           row{"unexpected status from HEAD request to http://127.0.0.1:5010/v2/team/a/manifests/1: 401 Unauthorized",
               failure_code::refused},
           row{"unauthorized: authentication required", failure_code::refused},
           row{"Get https://registry-1.docker.io/v2/: unauthorized: incorrect username or password",
               failure_code::refused},
           row{"denied: requested access to the resource is denied", failure_code::refused},
           row{"Get \"http://127.0.0.1:5999/v2/\": dial tcp 127.0.0.1:5999: connect: connection refused",
               failure_code::engine_error},
           row{"open /var/lib/docker/tmp/x: permission denied", failure_code::engine_error},
           row{"toomanyrequests: You have reached your pull rate limit", failure_code::engine_error},
           row{"write /var/lib/docker/tmp/x: no space left on device", failure_code::engine_error},
       }) {
    EXPECT_EQ(pull_failure_code(words, failure_code::engine_error), code) << words;
  }
}

TEST(load_decoder, names_what_was_loaded) {
  const auto docker = load(fixture("docker-26-containerd/load.ndjson"));
  ASSERT_TRUE(docker) << docker.error().message;
  EXPECT_THAT(*docker, ElementsAre("load/a:1", "load/a:latest", "load/b:1",
                                   "sha256:b98761601439a7f52e6dec9ee6469987b5f1d66cd89f948d49c57c30c487ec1f",
                                   "load/c:1", "other/c:2", "third:3"));
  for (const char* engine : {"podman-4.3", "podman-5.8"}) {
    const auto podman = load(fixture(std::string(engine) + "/load.ndjson"));
    ASSERT_TRUE(podman) << podman.error().message;
    EXPECT_THAT(*podman, SizeIs(7));
    EXPECT_EQ(podman->at(3), "sha256:a0c15956492a3778cd57e00d5524e7746599cf9d8902a89311312722c1b70844");
  }
}

TEST(load_decoder, an_error_or_silence_is_no_success) {
  const auto broken =
      load(R"({"stream":"Loaded image: a:1\n"}{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"})");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "unexpected EOF");
  for (const char* text : {"", R"({"stream":"hello"})", R"({"stream":"Loaded image: \n"})", "Not Found"}) {
    EXPECT_FALSE(load(text)) << text;
  }
}

core::result<void> end_of(const std::string& text, std::size_t piece_bytes) {
  tar_end end;
  for (std::size_t at = 0; at < text.size(); at += piece_bytes)
    end.feed(std::string_view(text).substr(at, piece_bytes));
  EXPECT_EQ(end.bytes(), text.size());
  return end.finish();
}

TEST(tar_end, a_whole_tar_is_told_from_one_that_broke_off) {
  const std::string files(20 * 512, 'x'), zeros(1024, '\0');
  const std::string error = R"({"errorDetail":{"message":"no such layer"},"error":"no such layer"})";
  for (const std::size_t bytes : {1, 100, 512, 5000, 100'000}) {
    EXPECT_TRUE(end_of(files + zeros, bytes));
    EXPECT_TRUE(end_of(zeros, bytes));
    EXPECT_FALSE(end_of(files, bytes));
    EXPECT_FALSE(end_of(files + zeros.substr(512), bytes));
    EXPECT_FALSE(end_of(files + zeros + "\n", bytes));
    const auto told = end_of(files + error + "\r\n", bytes);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code, failure_code::engine_error);
    EXPECT_THAT(told.error().message, HasSubstr("no such layer"));
  }
  EXPECT_FALSE(end_of("", 1));
}

}  // namespace
}  // namespace docksweep::engine
