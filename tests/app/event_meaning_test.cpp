// What each event means, for the events that real engines sent (recorded on Docker 20.10 to 29.7 and Podman 4.3, 5.8).
#include "app/event_meaning.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace docksweep::test {
namespace {

using app::event_effect;
using app::expectation;
using app::object_kind;

const std::string hex = "633e7babb466a9362b8926eeec0da4b94056fe2e4f9ab71fea59e60a6c45b6fa";
const std::string id = "sha256:" + hex;

struct sample {
  core::event_kind kind;
  std::string action, actor, name;
  event_effect effect;
  std::string object;
  expectation expect = expectation::none;
};

class event_meaning : public testing::TestWithParam<sample> {};

TEST_P(event_meaning, is_what_it_names) {
  const sample& given = GetParam();
  core::engine_event event;
  event.kind = given.kind;
  event.action = given.action;
  event.id = given.actor;
  event.name = given.name;
  const app::event_meaning meaning = app::meaning_of(event);
  EXPECT_EQ(meaning.effect, given.effect);
  EXPECT_EQ(meaning.object.name, given.object);
  EXPECT_EQ(meaning.expect, given.expect);
  if (given.effect == event_effect::object) {
    EXPECT_EQ(meaning.object.kind, given.kind == core::event_kind::image ? object_kind::image : object_kind::container);
  }
}

constexpr auto image = core::event_kind::image;
constexpr auto box = core::event_kind::container;
constexpr auto object = event_effect::object;
constexpr auto nothing = event_effect::nothing;
constexpr auto everything = event_effect::everything;

INSTANTIATE_TEST_SUITE_P(
    recorded, event_meaning,
    testing::Values(
        sample{image, "tag", id, "base:1", object, id}, sample{image, "import", id, id, object, id},
        sample{image, "load", id, id, object, id}, sample{image, "untag", id, id, object, id},
        sample{image, "create", id, id, object, id}, sample{image, "delete", id, id, object, id},
        sample{image, "untag", "load/b:1", "load/b:1", object, "load/b:1"},
        sample{image, "pull", "127.0.0.1:5999/team/a:1", "127.0.0.1:5999/team/a", object, "127.0.0.1:5999/team/a:1"},
        sample{image, "pull", "a@" + id, "a", object, "a@" + id},
        sample{image, "push", "127.0.0.1:5999/team/a:1", "127.0.0.1:5999/team/a", object, "127.0.0.1:5999/team/a:1"},
        sample{image, "prune", "", "", everything, ""}, sample{image, "save", id, "", nothing, ""},
        sample{box, "create", "c1", "x", object, "c1"}, sample{box, "start", "c1", "x", object, "c1"},
        sample{box, "die", "c1", "x", object, "c1", expectation::stopped},
        sample{box, "stop", "c1", "x", object, "c1", expectation::stopped},
        sample{box, "pause", "c1", "x", object, "c1", expectation::paused},
        sample{box, "unpause", "c1", "x", object, "c1", expectation::unpaused},
        sample{box, "rename", "c1", "x", object, "c1"}, sample{box, "restart", "c1", "x", object, "c1"},
        sample{box, "destroy", "c1", "x", object, "c1", expectation::gone},
        sample{box, "exec_create: sh -c true", "c1", "x", nothing, ""}, sample{box, "exec_die", "c1", "x", nothing, ""},
        sample{box, "health_status: healthy", "c1", "x", nothing, ""}, sample{box, "attach", "c1", "x", nothing, ""},
        sample{box, "resize", "c1", "x", nothing, ""}, sample{box, "top", "c1", "x", nothing, ""},
        sample{box, "kill", "c1", "x", nothing, ""}, sample{box, "prune", "", "", nothing, ""},
        sample{core::event_kind::other, "create", "vol", "vol", nothing, ""}));

INSTANTIATE_TEST_SUITE_P(podman, event_meaning,
                         testing::Values(sample{image, "tag", hex, "docker.io/library/base", object, id},
                                         sample{image, "build", "", "", everything, ""},
                                         sample{image, "loadfromarchive", "", "/var/tmp/api_load.tar1", everything, ""},
                                         sample{image, "loadfromarchive", hex, "/var/tmp/api_load.tar1", object, id},
                                         sample{image, "pull", "", "127.0.0.1:5999/team/a:1", object,
                                                "127.0.0.1:5999/team/a:1"},
                                         sample{image, "pull-error", "", "127.0.0.1:5999/team/a:1", nothing, ""},
                                         sample{image, "delete", hex, "localhost/third:3", object, id},
                                         sample{box, "remove", "c1", "created", object, "c1", expectation::gone},
                                         sample{box, "init", "c1", "running", nothing, ""},
                                         sample{box, "cleanup", "c1", "running", nothing, ""}));

TEST(commit_event, names_the_new_image) {
  core::engine_event event;
  event.kind = box;
  event.action = "commit";
  event.id = "c1";
  event.image_id = id;
  const app::event_meaning meaning = app::meaning_of(event);
  EXPECT_EQ(meaning.object, (app::object_name{object_kind::image, id}));
  event.image_id.clear();
  EXPECT_EQ(app::meaning_of(event).effect, everything);
}

TEST(expectations, are_met_by_the_states_that_follow) {
  using enum core::container_state;
  EXPECT_FALSE(app::meets(expectation::stopped, running));
  EXPECT_TRUE(app::meets(expectation::stopped, exited));
  EXPECT_TRUE(app::meets(expectation::stopped, restarting));
  EXPECT_FALSE(app::meets(expectation::paused, running));
  EXPECT_TRUE(app::meets(expectation::unpaused, exited));
  EXPECT_FALSE(app::meets(expectation::gone, removing));
  EXPECT_TRUE(app::meets(expectation::none, running));
}

}  // namespace
}  // namespace docksweep::test
