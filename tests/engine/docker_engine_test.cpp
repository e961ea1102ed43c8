// The engine port's verbs against recorded answers: which calls they make, and what they make of the answers.
#include <gmock/gmock.h>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using test::exchange;
using test::fixture;
using testing::ElementsAre;
using testing::HasSubstr;

class docker_engine_test : public test::engine_test {};

const std::string loaded_id = "sha256:da2c761f5e3fb70ac410a2684985563946445cfc0ce4b1f5ccb05d04e18fbf38";
const std::string loaded_containerd_id = "sha256:4bfa7199501bdc01a507ebbebee9ec047e19082ab381db1b965ffe1629090ba3";

TEST_F(docker_engine_test, identifies_docker_with_overlay2) {
  record("docker-20.10", "1.41");
  const auto identity = run(port().identify());
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(*identity, (core::engine_identity{.id = "G7FH:K7Q7:N7PQ:SWLV:PEQ4:FHXS:VPDA:NRIG:RKPP:6DNN:QJ3S:ZJTD",
                                              .engine = "docker",
                                              .version = "20.10.24+dfsg1",
                                              .api_version = "1.41",
                                              .storage_driver = "overlay2",
                                              .store = core::image_store::graphdriver,
                                              .root_dir = "/var/lib/engine/data"}));
  EXPECT_THAT(server.calls(), ElementsAre("HEAD /_ping", "GET /v1.41/version", "GET /v1.41/info"));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.requests().front().header("Host"), "localhost");
}

TEST_F(docker_engine_test, identifies_the_containerd_store) {
  record("docker-29-containerd", "1.55");
  const auto identity = run(port().identify());
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->store, core::image_store::containerd);
  EXPECT_EQ(identity->api_version, "1.55");
}

TEST_F(docker_engine_test, names_podman_and_gives_it_an_id_that_stays) {
  record("podman-5.8", "1.44", true);
  const auto identity = run(port().identify());
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->engine, "podman");
  EXPECT_EQ(identity->version, "5.8.6");
  // Podman answers every /info with another ID.
  EXPECT_EQ(identity->id, "podman:node1:/var/lib/engine/data");
}

// Docker 26.1 with the containerd store, while another client removes an image.
TEST_F(docker_engine_test, lists_again_when_an_image_went_while_it_was_listed) {
  record("docker-29-containerd", "1.45");
  server.on("/images/json", [this](test::exchange& with) {
    const bool first = server.count("/images/json") < 3;
    if (first) return with.reply(404, R"({"message":"content digest sha256:456b: not found"})");
    with.reply(200, fixture("docker-29-containerd/images.json"));
  });
  const auto listing = run(port().list_images({}));
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(server.count("/images/json"), 3);
}

TEST_F(docker_engine_test, a_listing_that_is_never_found_is_the_engines_fault) {
  server.answer("/images/json", R"({"message":"content digest sha256:456b: not found"})", 404);
  const auto listing = run(port().list_images({}));
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code, core::failure_code::engine_error) << "never an empty node";
}

TEST_F(docker_engine_test, lists_all_images_and_counts_the_call) {
  record("docker-28", "1.51");
  const auto listing = run(port().list_images({}));
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(listing->items.size(), 8u);
  EXPECT_THAT(server.calls(), ElementsAre("HEAD /_ping", "GET /v1.51/images/json?all=1"));
  EXPECT_EQ(counts.requests["images_list"], 1);
  EXPECT_EQ(counts.requests["ping"], 1);
  EXPECT_TRUE(counts.failures.empty());
}

TEST_F(docker_engine_test, passes_filters_in_the_engines_language) {
  record("docker-20.10", "1.41");
  const app::engine_filters filters{{"dangling", "1"}, {"reference", "a*"}, {"reference", "b\"c"}};
  ASSERT_TRUE(run(port().list_images(filters)));
  // {"dangling":["true"],"reference":["a*","b\"c"]}
  EXPECT_EQ(server.calls().back(),
            "GET /v1.41/images/json?filters=%7B%22dangling%22%3A%5B%22true%22%5D%2C%22reference%22%3A%5B%22a%2A%22%2C"
            "%22b%5C%22c%22%5D%7D");
}

TEST_F(docker_engine_test, lists_containers_with_and_without_sizes) {
  record("docker-28", "1.51");
  server.on("/containers/json", [](exchange& with) {
    const bool sized = with.request.target.find("size=1") != std::string::npos;
    with.reply(200, fixture(sized ? "docker-28/containers-sized.json" : "docker-28/containers.json"));
  });
  const auto plain = run(port().list_containers({}, false));
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->items.front().writable_bytes);
  const auto sized = run(port().list_containers({{"status", "exited"}}, true));
  ASSERT_TRUE(sized);
  EXPECT_EQ(sized->items.front().writable_bytes, 0);
  EXPECT_THAT(server.calls().back(), HasSubstr("/containers/json?all=1&size=1&filters="));
}

TEST_F(docker_engine_test, finds_one_image_on_graphdriver_by_one_inspect) {
  record("docker-20.10", "1.41");
  server.answer("/images/" + loaded_id + "/json", fixture("docker-20.10/inspect-loaded.json"));
  const auto found = run(port().find_image(loaded_id));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->id, loaded_id);
  EXPECT_EQ((*found)->size, 120000);
  EXPECT_EQ((*found)->tags.size(), 3u);
  EXPECT_EQ(server.count("/images/json"), 0);
}

TEST_F(docker_engine_test, finds_the_listed_size_on_containerd_by_a_listing_of_one_reference) {
  record("docker-26-containerd", "1.45");
  server.answer("/images/load/c:1/json", fixture("docker-26-containerd/inspect-loaded.json"));
  const auto found = run(port().find_image("load/c:1"));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->id, loaded_containerd_id);
  EXPECT_EQ((*found)->size, 265313);
  EXPECT_EQ((*found)->tags.size(), 3u);
  EXPECT_THAT(server.calls().back(), HasSubstr("images/json?filters=%7B%22reference%22%3A%5B%22third%3A3%22%5D%7D"));
}

TEST_F(docker_engine_test, leaves_the_size_of_an_untagged_image_open_on_containerd) {
  record("docker-26-containerd", "1.45");
  server.answer("/images/x/json", fixture("docker-26-containerd/inspect-untagged.json"));
  const auto found = run(port().find_image("x"));
  ASSERT_TRUE(found);
  ASSERT_TRUE(*found);
  EXPECT_FALSE((*found)->size);
  EXPECT_EQ(server.count("/images/json"), 0);
}

TEST_F(docker_engine_test, an_image_that_is_gone_is_an_answer_not_a_failure) {
  record("docker-20.10", "1.41");
  server.answer("/images/never/was:1/json", R"({"message":"No such image: never/was:1"})", 404);
  const auto found = run(port().find_image("never/was:1"));
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(counts.requests["image_inspect"], 1);
  EXPECT_EQ(counts.failures["image_inspect"], 0);
}

TEST_F(docker_engine_test, reads_details_with_history_oldest_first_and_chain_ids) {
  record("docker-20.10", "1.41");
  server.answer("/images/x/json", fixture("docker-20.10/inspect-committed.json"));
  server.answer("/images/x/history", fixture("docker-20.10/history-committed.json"));
  const auto details = run(port().image_details("x"));
  ASSERT_TRUE(details) << details.error().message;
  EXPECT_THAT(details->history_sizes, ElementsAre(5946768, 2, 3));
  EXPECT_TRUE(details->has_history);
  EXPECT_EQ(details->content_size, 5946773);
  EXPECT_EQ(details->platform, "linux/amd64");
  ASSERT_EQ(details->chain_ids.size(), 3u);
  EXPECT_EQ(details->chain_ids[0], details->diff_ids[0]);
  // printf 'sha256:b70f…c6f7 sha256:e051…0b13' | sha256sum, and so on
  EXPECT_EQ(details->chain_ids[1], "sha256:caaa281aed29d48e2d027cdf8ee215c92c0406980a8cb2afa48b7e2188114d9c");
  EXPECT_EQ(details->chain_ids[2], "sha256:4681a89be5aeab7cf4e696aef92a1411de38306e73c09f926759f7b24057f5cb");
}

TEST_F(docker_engine_test, knows_an_image_without_any_history) {
  record("docker-20.10", "1.41");
  server.answer("/images/x/json", fixture("docker-20.10/inspect-loaded.json"));
  server.answer("/images/x/history", "[]");
  const auto details = run(port().image_details("x"));
  ASSERT_TRUE(details);
  EXPECT_FALSE(details->has_history);
  EXPECT_TRUE(details->history_sizes.empty());
  EXPECT_EQ(details->chain_ids.size(), 2u);
}

TEST_F(docker_engine_test, an_image_without_its_snapshots_has_layers_but_no_history) {
  record("docker-26-containerd", "1.45");
  server.answer("/images/x/json", fixture("docker-26-containerd/inspect-loaded.json"));
  server.answer("/images/x/history", R"({"message":"snapshot sha256:8a4f does not exist: not found"})", 404);
  const auto details = run(port().image_details("x"));
  ASSERT_TRUE(details);
  EXPECT_FALSE(details->has_history);
  EXPECT_EQ(details->chain_ids.size(), 2u);
}

TEST_F(docker_engine_test, finds_a_container_by_its_whole_id_only) {
  record("docker-20.10", "1.41");
  const std::string id = "b989d8eaa93f368342f56c09ec68074e07efd0ac25f423477804a93ef3d7b7b6";
  const auto found = run(port().find_container(id));
  ASSERT_TRUE(found);
  ASSERT_TRUE(*found);
  EXPECT_THAT((*found)->names, ElementsAre("running"));
  EXPECT_EQ((*found)->state, core::container_state::running);
  EXPECT_THAT(server.calls().back(), HasSubstr("/containers/json?all=1&filters=%7B%22id%22%3A%5B%22" + id));
  const auto part = run(port().find_container(id.substr(0, 12)));
  ASSERT_TRUE(part);
  EXPECT_FALSE(*part);
}

TEST_F(docker_engine_test, a_container_without_id_does_not_pass_for_a_container_that_is_gone) {
  record("docker-20.10", "1.41");
  server.answer("/containers/json", R"([{"Names":["/odd"]}])");
  const auto found = run(port().find_container("abc"));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, core::failure_code::malformed);
}

TEST_F(docker_engine_test, asks_new_engines_for_the_verbose_disk_usage) {
  record("docker-29-containerd", "1.55");
  ASSERT_TRUE(run(port().identify()));
  server.answer("/system/df", fixture("docker-29-containerd/df-verbose.json"));
  const auto usage = run(port().disk_usage());
  ASSERT_TRUE(usage) << usage.error().message;
  EXPECT_EQ(usage->images_bytes, 9644089);
  EXPECT_EQ(server.calls().back(), "GET /v1.55/system/df?verbose=1");
}

TEST_F(docker_engine_test, checks_health_with_a_version_and_a_listing_of_one) {
  record("docker-20.10", "1.41");
  EXPECT_TRUE(run(port().check_answers()));
  EXPECT_TRUE(run(port().check_lists()));
  EXPECT_THAT(server.calls(),
              ElementsAre("HEAD /_ping", "GET /v1.41/version", "GET /v1.41/containers/json?all=1&limit=1"));
}

}  // namespace
}  // namespace docksweep
