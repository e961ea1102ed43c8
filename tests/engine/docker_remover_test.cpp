// The remover port's verbs: which calls they make, and what they make of the answers.
#include <gmock/gmock.h>

#include <algorithm>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using test::exchange;
using test::fixture;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class docker_remover : public test::engine_test {
 protected:
  // The calls after those that negotiate and identify.
  std::vector<std::string> changes() const {
    auto all = server.calls();
    std::erase_if(all, [](const std::string& call) {
      return call.ends_with("/_ping") || call.ends_with("/version") || call.ends_with("/info");
    });
    return all;
  }
};

const std::string image_id = "sha256:da2c761f5e3fb70ac410a2684985563946445cfc0ce4b1f5ccb05d04e18fbf38";
const std::string container_id = "b989d8eaa93f368342f56c09ec68074e07efd0ac25f423477804a93ef3d7b7b6";

TEST_F(docker_remover, removes_one_reference_and_tells_what_went) {
  server.answer("/images/localhost:5000/a/b:tag",
                R"([{"Untagged":"localhost:5000/a/b:tag"},{"Deleted":"sha256:15"},{"Deleted":"sha256:f8"}])");
  const auto removal = run(port().remove_image("localhost:5000/a/b:tag"));
  ASSERT_TRUE(removal) << removal.error().message;
  EXPECT_THAT(removal->untagged, ElementsAre("localhost:5000/a/b:tag"));
  EXPECT_THAT(removal->deleted, ElementsAre("sha256:15", "sha256:f8"));
  EXPECT_THAT(server.calls(), ElementsAre("HEAD /_ping", "DELETE /v1.41/images/localhost:5000/a/b:tag"));
  EXPECT_EQ(counts.requests["image_remove"], 1);
  EXPECT_EQ(counts.failures["image_remove"], 0);
}

// Slashes, colons and the "@" of a digest stay as they are: real engines were asked this way.
TEST_F(docker_remover, spells_digests_and_ids_as_engines_expect_them) {
  for (const std::string& name : {"repo/app@" + image_id, image_id}) {
    server.answer("/images/" + name, "[]");
    ASSERT_TRUE(run(port().remove_image(name)));
    EXPECT_EQ(server.calls().back(), "DELETE /v1.41/images/" + name);
  }
}

TEST_F(docker_remover, removes_a_container_without_its_volumes) {
  server.answer("/containers/" + container_id, "", 204);
  const auto removed = run(port().remove_container(container_id));
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_THAT(changes(), ElementsAre("DELETE /v1.41/containers/" + container_id));
  EXPECT_EQ(counts.requests["container_remove"], 1);
}

TEST_F(docker_remover, prunes_the_build_cache_in_the_words_of_each_version) {
  for (const auto& [version, asked] : {std::pair("1.41", "POST /v1.41/build/prune?keep-storage=10737418240"),
                                       {"1.47", "POST /v1.47/build/prune?keep-storage=10737418240"},
                                       {"1.48", "POST /v1.48/build/prune?reserved-space=10737418240"},
                                       {"1.55", "POST /v1.55/build/prune?reserved-space=10737418240"}}) {
    test::scripted_engine engine_server(version);
    engine_server.answer("/version", fixture("docker-28/version.json"));
    engine_server.answer("/info", fixture("docker-28/info.json"));
    engine_server.answer("/build/prune", R"({"CachesDeleted":["a"],"SpaceReclaimed":4096})");
    const auto under_test = engine::make_docker_engine(context.get_executor(), engine_server.where(), options, counts);
    const auto freed = run(under_test->prune_build_cache(10LL << 30));
    ASSERT_TRUE(freed) << freed.error().message;
    EXPECT_EQ(*freed, 4096);
    EXPECT_EQ(engine_server.calls().back(), asked);
    EXPECT_EQ(engine_server.requests().back().header("Content-Length"), "0");
  }
}

TEST_F(docker_remover, says_where_there_is_no_build_cache) {
  record("podman-4.3", "1.41", true);
  server.on("/build/prune", [](exchange& with) { with.reply(404, "Not Found", "text/plain; charset=utf-8"); });
  const auto freed = run(port().prune_build_cache(0));
  ASSERT_FALSE(freed);
  EXPECT_EQ(freed.error().code, failure_code::refused);
  EXPECT_THAT(freed.error().message, HasSubstr("no build cache"));
}

TEST_F(docker_remover, removes_a_volume_by_one_call) {
  record("docker-20.10", "1.41");
  server.answer("/volumes/w1", "", 204);
  ASSERT_TRUE(run(port().remove_volume("w1")));
  EXPECT_THAT(changes(), ElementsAre("DELETE /v1.41/volumes/w1"));
  EXPECT_EQ(counts.requests["volumes_remove"], 1);
}

// Podman 4.3 removed w10 when it was asked to remove w1, which was gone.
TEST_F(docker_remover, never_lets_podman_take_a_name_for_the_beginning_of_another) {
  record("podman-4.3", "1.41", true);
  server.on("/volumes/w1", [](exchange& with) {
    const bool asks = with.request.method == "GET";
    with.reply(asks ? 404 : 204, asks ? R"({"cause":"no such volume","message":"no w1","response":404})" : "");
  });
  const auto gone = run(port().remove_volume("w1"));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, failure_code::not_found);
  EXPECT_THAT(changes(), ElementsAre("GET /v1.41/volumes/w1"));

  server.on("/volumes/w1", [](exchange& with) {
    with.reply(with.request.method == "GET" ? 200 : 204, with.request.method == "GET" ? R"({"Name":"w10"})" : "");
  });
  const auto another = run(port().remove_volume("w1"));
  ASSERT_FALSE(another);
  EXPECT_EQ(another.error().code, failure_code::not_found);
  EXPECT_THAT(another.error().message, HasSubstr("w10"));
  EXPECT_THAT(changes(), ElementsAre("GET /v1.41/volumes/w1", "GET /v1.41/volumes/w1"));

  server.on("/volumes/w1", [](exchange& with) {
    with.reply(with.request.method == "GET" ? 200 : 204, with.request.method == "GET" ? R"({"Name":"w1"})" : "");
  });
  ASSERT_TRUE(run(port().remove_volume("w1")));
  EXPECT_EQ(server.calls().back(), "DELETE /v1.41/volumes/w1");
}

TEST_F(docker_remover, gives_an_image_a_name_again) {
  server.answer("/images/" + image_id + "/tag", "", 201);
  for (const auto& [reference, query] : {std::pair("localhost:5000/a/b:v1", "repo=localhost%3A5000%2Fa%2Fb&tag=v1"),
                                         {"localhost:5000/a/b", "repo=localhost%3A5000%2Fa%2Fb&tag=latest"},
                                         {"app:1", "repo=app&tag=1"}}) {
    const auto tagged = run(port().tag_image(image_id, reference));
    ASSERT_TRUE(tagged) << tagged.error().message;
    EXPECT_EQ(server.calls().back(), "POST /v1.41/images/" + image_id + "/tag?" + query);
    EXPECT_EQ(server.requests().back().header("Content-Length"), "0");
  }
  EXPECT_EQ(counts.requests["image_tag"], 3);
}

TEST_F(docker_remover, a_digest_is_no_name_that_an_image_can_be_given) {
  const auto tagged = run(port().tag_image(image_id, "app@" + image_id));
  ASSERT_FALSE(tagged);
  EXPECT_EQ(tagged.error().code, failure_code::invalid);
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST_F(docker_remover, reads_one_container_with_its_size) {
  server.answer("/containers/abc/json", fixture("docker-20.10/container-exited.json"));
  const auto details = run(port().container_details("abc"));
  ASSERT_TRUE(details) << details.error().message;
  ASSERT_TRUE(*details);
  EXPECT_EQ((*details)->restart_policy, "no");
  EXPECT_EQ((*details)->writable_bytes, 0);
  EXPECT_EQ((*details)->inspect, fixture("docker-20.10/container-exited.json"));
  EXPECT_THAT(changes(), ElementsAre("GET /v1.41/containers/abc/json?size=1"));
  EXPECT_EQ(counts.requests["container_inspect"], 1);
}

TEST_F(docker_remover, a_container_that_is_gone_is_an_answer_not_a_failure) {
  server.answer("/containers/abc/json", R"({"message":"No such container: abc"})", 404);
  const auto details = run(port().container_details("abc"));
  ASSERT_TRUE(details);
  EXPECT_FALSE(*details);
  EXPECT_EQ(counts.failures["container_inspect"], 0);
}

TEST_F(docker_remover, an_inspect_has_an_end) {
  const std::string labels(1 << 20, 'x');
  server.answer("/containers/abc/json", R"({"Id":"abc","HostConfig":{},"Labels":")" + labels + R"("})");
  const auto details = run(port().container_details("abc"));
  ASSERT_FALSE(details);
  EXPECT_EQ(details.error().code, failure_code::too_large);
}

TEST_F(docker_remover, nothing_without_a_name_is_asked_for) {
  EXPECT_EQ(run(port().remove_image("")).error().code, failure_code::invalid);
  EXPECT_EQ(run(port().remove_container("")).error().code, failure_code::invalid);
  EXPECT_EQ(run(port().remove_volume("")).error().code, failure_code::invalid);
  EXPECT_EQ(run(port().tag_image("", "app:1")).error().code, failure_code::invalid);
  EXPECT_EQ(run(port().container_details("")).error().code, failure_code::invalid);
  EXPECT_EQ(run(port().holders_of_image("")).error().code, failure_code::invalid);
  EXPECT_EQ(run(port().holders_of_volume("")).error().code, failure_code::invalid);
  EXPECT_THAT(server.calls(), IsEmpty());
}

// Invariant 2, whatever the names: every request that any verb makes, to each kind of engine.
TEST_F(docker_remover, never_forces_and_never_prunes_images) {
  const std::vector<std::string> names{image_id,    "app:1",       "x?force=1", "x&force=true", "x%3Fforce=1",
                                       "x#force=1", "x?noprune=1", "prune",     "a b",          "x\r\nforce: 1"};
  for (const auto& [folder, version, podman] : {std::tuple("docker-20.10", "1.41", false),
                                                {"docker-29-containerd", "1.55", false},
                                                {"podman-4.3", "1.41", true}}) {
    test::scripted_engine engine_server(version);
    if (podman) engine_server.set_headers("Libpod-Api-Version: 4.3.1\r\n");
    engine_server.answer("*", "[]");
    for (const std::string file : {"version", "info"}) {
      engine_server.answer("/" + file, fixture(std::string(folder) + "/" + file + ".json"));
    }
    const auto under_test = engine::make_docker_engine(context.get_executor(), engine_server.where(), options, counts);
    for (const auto& name : names) {
      (void)run(under_test->remove_image(name));
      (void)run(under_test->remove_container(name));
      (void)run(under_test->remove_volume(name));
      (void)run(under_test->tag_image(name, name));
      (void)run(under_test->container_details(name));
      (void)run(under_test->holders_of_image(name));
      (void)run(under_test->holders_of_volume(name));
      (void)run(under_test->prune_build_cache(0));
    }
    int deletes = 0;
    for (const auto& request : engine_server.requests()) {
      const auto question = request.target.find('?');
      const auto query = question == std::string::npos ? "" : request.target.substr(question);
      SCOPED_TRACE(request.method + " " + request.target);
      for (const std::string word : {"?force", "&force", "?noprune", "&noprune", "?v=", "&v="}) {
        EXPECT_EQ(query.find(word), std::string::npos);
      }
      EXPECT_EQ(request.header("force"), "");
      EXPECT_TRUE(request.body.empty());
      if (request.method == "POST") {
        EXPECT_TRUE(request.path == "/build/prune" || request.path.ends_with("/tag"));
      }
      if (request.method == "DELETE") {
        ++deletes;
        EXPECT_EQ(query, "");
      }
    }
    EXPECT_GE(deletes, 2 * static_cast<int>(names.size()));
  }
}

}  // namespace
}  // namespace docksweep
