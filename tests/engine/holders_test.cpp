// Who holds an image or a volume: what is asked of each kind of engine, and what counts.
#include <gmock/gmock.h>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using core::failure_code;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string wanted = "sha256:" + std::string(64, 'a');
const std::string other = "sha256:" + std::string(64, 'b');

std::string container(const std::string& id, const std::string& more) {
  return R"({"Id":")" + id + R"(","Names":["/)" + id + R"("],"State":"created")" + more + "}";
}
std::string made_of(const std::string& image) {
  return R"(,"ImageID":")" + image + R"(")";
}
std::string mounting(const std::string& name) {
  return made_of(other) + R"(,"Mounts":[{"Type":"image","Name":")" + name + R"(","Source":"/var/lib/x"}])";
}

class holders : public test::engine_test {
 protected:
  void lists(const std::string& entries) { server.answer("/containers/json", "[" + entries + "]"); }

  std::vector<std::string> of_image(const std::string& id) {
    const auto found = run(port().holders_of_image(id));
    EXPECT_TRUE(found) << found.error().message;
    std::vector<std::string> ids;
    if (found) {
      for (const auto& one : found->items) ids.push_back(one.id);
    }
    return ids;
  }
  std::string asked() const {
    std::string last;
    for (const auto& call : server.calls()) {
      if (call.find("/containers/json") != std::string::npos) last = call;
    }
    return last;
  }
};

TEST_F(holders, are_asked_for_with_the_filter_where_it_tells_all) {
  record("docker-20.10", "1.41");
  lists(container("one", made_of(wanted)) + "," + container("two", made_of(wanted)));
  EXPECT_THAT(of_image(wanted), ElementsAre("one", "two"));
  EXPECT_THAT(asked(), HasSubstr("/v1.41/containers/json?all=1&filters=%7B%22ancestor%22%3A%5B%22sha256%3Aaaaa"));
  EXPECT_EQ(server.count("/images/" + wanted + "/json"), 0);
}

TEST_F(holders, are_compared_here_where_the_filter_does_not_tell_all) {
  for (const auto& [folder, version, podman] : {std::tuple("docker-28", "1.51", false),
                                                {"docker-26-containerd", "1.45", false},
                                                {"podman-5.8", "1.44", true}}) {
    test::scripted_engine engine_server(version);
    if (podman) engine_server.set_headers("Libpod-Api-Version: 5.8.6\r\n");
    engine_server.answer("/version", test::fixture(std::string(folder) + "/version.json"));
    engine_server.answer("/info", test::fixture(std::string(folder) + "/info.json"));
    engine_server.answer("/containers/json",
                         "[" + container("one", made_of(wanted)) + "," + container("two", made_of(other)) + "]");
    const auto under_test = engine::make_docker_engine(context.get_executor(), engine_server.where(), options, counts);
    const auto found = run(under_test->holders_of_image(wanted));
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->items.size(), 1u) << folder;
    EXPECT_EQ(found->items.front().id, "one");
    EXPECT_TRUE(engine_server.calls().back().ends_with("/containers/json?all=1")) << engine_server.calls().back();
  }
}

// The filter finds the containers of images built on this one, too; they hold their own.
TEST_F(holders, are_not_the_containers_of_descendants) {
  record("docker-20.10", "1.41");
  lists(container("child", made_of(other)) + "," + container("own", made_of(wanted)));
  EXPECT_THAT(of_image(wanted), ElementsAre("own"));
}

TEST_F(holders, are_containers_whose_image_cannot_be_read_as_well) {
  record("docker-28", "1.51");
  lists(container("none", "") + "," + container("odd", made_of("<missing>")) + "," +
        container("null", R"(,"ImageID":null)"));
  EXPECT_THAT(of_image(wanted), ElementsAre("none", "odd", "null"));
}

TEST_F(holders, an_entry_without_an_id_is_told) {
  record("docker-28", "1.51");
  lists(container("one", made_of(other)) + R"(,{"Names":["/odd"]})");
  const auto found = run(port().holders_of_image(wanted));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->items, IsEmpty());
  EXPECT_EQ(found->unreadable, 1);
}

TEST_F(holders, mount_an_image_under_any_spelling_of_its_name) {
  record("docker-28", "1.51");
  server.answer(
      "/images/" + wanted + "/json",
      R"({"Id":")" + wanted + R"(","RepoTags":["app:latest","host:5000/x:2"],"RepoDigests":["app@)" + other + R"("]})");
  for (const std::string& name : std::vector<std::string>{"app", "app:latest", "docker.io/library/app", "host:5000/x:2",
                                                          "app@" + other, wanted}) {
    lists(container("mounts", mounting(name)));
    EXPECT_THAT(of_image(wanted), ElementsAre("mounts")) << name;
  }
  for (const std::string& name : std::vector<std::string>{"app:1", "host:5000/x", "host:5000/x:22", "ap"}) {
    lists(container("mounts", mounting(name)));
    EXPECT_THAT(of_image(wanted), IsEmpty()) << name;
  }
}

// Its tag may be the one that moved on.
TEST_F(holders, may_mount_an_image_that_has_no_tag) {
  record("docker-28", "1.51");
  server.answer("/images/" + wanted + "/json", R"({"Id":")" + wanted + R"(","RepoTags":[],"RepoDigests":[]})");
  const auto running = R"({"Id":"runs","Names":["/runs"],"State":"running")" + mounting("app:1") + "}";
  lists(container("created", mounting("app:1")) + "," + running);
  EXPECT_THAT(of_image(wanted), ElementsAre("runs"));
  server.answer("/images/" + wanted + "/json", R"({"Id":")" + wanted + R"(","RepoTags":["app:2"],"RepoDigests":[]})");
  EXPECT_THAT(of_image(wanted), IsEmpty());
}

TEST_F(holders, are_not_known_where_the_names_of_the_image_are_not) {
  record("docker-28", "1.51");
  lists(container("mounts", mounting("app")));
  server.answer("/images/" + wanted + "/json", R"({"message":"broken"})", 500);
  const auto found = run(port().holders_of_image(wanted));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, failure_code::engine_error);
}

TEST_F(holders, an_image_that_is_gone_is_held_by_those_that_still_name_its_id) {
  record("docker-28", "1.51");
  lists(container("mounts", mounting("app")) + "," + container("own", made_of(wanted)));
  EXPECT_THAT(of_image(wanted), ElementsAre("own"));
}

TEST_F(holders, of_a_volume_are_found_by_the_engines_filter) {
  record("docker-20.10", "1.41");
  lists(container("one", made_of(other)));
  const auto found = run(port().holders_of_volume("v1"));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->items.size(), 1u);
  EXPECT_THAT(asked(), HasSubstr("/containers/json?all=1&filters=%7B%22volume%22%3A%5B%22v1%22%5D%7D"));
}

}  // namespace
}  // namespace docksweep
