// A whole reading of a node through the engine port and a socket, with the answers that each API version gives.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "engine/engine_fixture.hpp"

namespace docksweep {
namespace {

using test::fixture;

struct version_answers {
  std::string api, folder, engine;
};

void PrintTo(const version_answers& row, std::ostream* out) {
  *out << row.folder;
}

// Recorded ones; 1.47 and 1.52, which no recorded engine speaks, are what their specifications show.
const version_answers rows[] = {
    {"1.41", "docker-20.10", "docker"},         {"1.41", "podman-4.3", "podman"}, {"1.44", "podman-5.8", "podman"},
    {"1.45", "docker-26-containerd", "docker"}, {"1.47", "api-1.47", "docker"},   {"1.51", "docker-28", "docker"},
    {"1.52", "api-1.52", "docker"},             {"1.55", "docker-29-containerd", "docker"},
};

std::size_t entries(const std::string& file) {
  return boost::json::parse(fixture(file)).as_array().size();
}

class every_api_version : public test::engine_test, public testing::WithParamInterface<version_answers> {
 protected:
  void SetUp() override {
    const auto& [api, folder, engine] = GetParam();
    server.set_api_version(api);
    if (engine == "podman") server.set_headers("Libpod-Api-Version: 4.3.1\r\n");
    // Who it is, is recorded of engines alone: 28 and 29 are the next ones.
    const std::string identity = folder == "api-1.47" ? "docker-28" : folder == "api-1.52" ? "docker-29-containerd" : folder;
    server.answer("/version", fixture(identity + "/version.json"));
    server.answer("/info", fixture(identity + "/info.json"));
    server.answer("/images/json", fixture(folder + "/images.json"));
    server.answer("/containers/json", fixture(folder + "/containers.json"));
    server.answer("/system/df", fixture(folder + (verbose() ? "/df-verbose.json" : "/df.json")));
  }

  // From 1.52 on the details have to be asked for.
  static bool verbose() { return GetParam().api >= std::string("1.52"); }
};

TEST_P(every_api_version, tells_a_whole_node) {
  const auto& [api, folder, engine] = GetParam();
  const auto identity = run(port().identify());
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->engine, engine);
  EXPECT_EQ(identity->api_version, api);
  const auto images = run(port().list_images({}));
  ASSERT_TRUE(images) << images.error().message;
  EXPECT_EQ(images->items.size(), entries(folder + "/images.json"));
  EXPECT_EQ(images->unreadable, 0);
  const auto containers = run(port().list_containers({}, false));
  ASSERT_TRUE(containers) << containers.error().message;
  EXPECT_EQ(containers->items.size(), entries(folder + "/containers.json"));
  const auto usage = run(port().disk_usage());
  ASSERT_TRUE(usage) << usage.error().message;
  EXPECT_TRUE(usage->containers_bytes && usage->volumes_bytes) << "what is summed up is there in each version";
  const std::string prefix = "GET /v" + api;
  EXPECT_THAT(server.calls(), testing::ElementsAre("HEAD /_ping", prefix + "/version", prefix + "/info",
                                                   prefix + "/images/json?all=1", prefix + "/containers/json?all=1",
                                                   prefix + "/system/df" + (verbose() ? "?verbose=1" : "")));
  EXPECT_EQ(server.connections(), 1);
}

INSTANTIATE_TEST_SUITE_P(versions, every_api_version, testing::ValuesIn(rows), [](const auto& row) {
  std::string name = row.param.folder;
  for (char& c : name) c = c == '-' || c == '.' ? '_' : c;
  return name;
});

}  // namespace
}  // namespace docksweep
