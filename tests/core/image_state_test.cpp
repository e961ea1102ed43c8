// States of images on both stores: what holds an image, and what makes it dangling.
#include "core/image_state.hpp"

#include <gtest/gtest.h>

namespace docksweep::tests {
namespace {

using core::image_state;

core::image make(std::string id, std::vector<std::string> tags = {}, std::vector<std::string> digests = {},
                 std::string parent = "") {
  core::image one;
  one.id = std::move(id);
  one.tags = std::move(tags);
  one.digests = std::move(digests);
  one.parent_id = std::move(parent);
  return one;
}

core::container hold(std::string image_id, core::container_state state = core::container_state::exited) {
  core::container one;
  one.id = "c-" + image_id;
  one.image_id = std::move(image_id);
  one.state = state;
  return one;
}

TEST(image_states, first_that_applies) {
  const std::vector<core::image> images{make("used", {"used:1"}),
                                        make("tagged", {"tagged:1"}),
                                        make("digest", {}, {"r@sha256:1"}),
                                        make("dangling"),
                                        make("step"),
                                        make("child", {"child:1"}, {}, "step"),
                                        make("used-step"),
                                        make("child2", {}, {}, "used-step"),
                                        make("digest-step", {}, {"r@sha256:2"}),
                                        make("child3", {"c:3"}, {}, "digest-step")};
  const std::vector<core::container> containers{hold("used"), hold("used-step")};
  EXPECT_EQ(core::image_states(images, containers),
            (std::vector{image_state::in_use, image_state::unused, image_state::unused, image_state::dangling,
                         image_state::intermediate, image_state::unused, image_state::in_use, image_state::dangling,
                         image_state::unused, image_state::unused}));
}

TEST(image_states, image_of_a_container_in_any_state_is_in_use) {
  for (const auto state : core::all_container_states) {
    const std::vector<core::image> images{make("a", {"a:1"})};
    EXPECT_EQ(core::image_states(images, std::vector{hold("a", state)}).front(), image_state::in_use)
        << core::to_string(state);
  }
}

TEST(image_states, a_moved_tag_does_not_hide_the_image_of_a_container) {
  const std::vector<core::image> images{make("old"), make("new", {"app:1"})};
  auto holder = hold("old");
  holder.image_name = "app:1";
  const auto states = core::image_states(images, std::vector{holder});
  EXPECT_EQ(states[0], image_state::in_use);
  EXPECT_EQ(states[1], image_state::unused) << "the ID is the join key, not the name";
}

TEST(image_states, names_count_where_the_engine_gives_no_id) {
  const std::vector<core::image> images{make("a", {"host:5000/a:latest"}), make("b", {"b:1"})};
  core::container holder;
  holder.image_name = "host:5000/a";
  EXPECT_EQ(core::image_states(images, std::vector{holder}).front(), image_state::in_use);
}

TEST(image_states, an_image_mounted_into_a_container_is_in_use) {
  const std::vector<core::image> images{make("sha256:a", {"a:latest"}), make("sha256:b", {"b:1"}),
                                        make("sha256:c", {}, {"c@sha256:1"})};
  core::container holder = hold("other");
  holder.image_mounts = {"a", "b", "c@sha256:1"};
  const auto states = core::image_states(images, std::vector{holder});
  EXPECT_EQ(states, (std::vector{image_state::in_use, image_state::unused, image_state::in_use}));
}

TEST(image_states, beginning_of_an_id_holds_every_image_that_begins_so) {
  const auto id = [](std::string beginning) {
    beginning.resize(64, '0');
    return "sha256:" + beginning;
  };
  const std::vector<core::image> images{make(id("abcd12"), {"a:1"}), make(id("abcd99")), make(id("beef")),
                                        make(id("12"), {"cafe:latest"})};
  const auto held_by = [&](const std::string& name) {
    core::container holder = hold("other");
    holder.image_mounts = {name};
    const auto by_mount = core::image_states(images, std::vector{holder});
    core::container nameless;
    nameless.image_name = name;
    EXPECT_EQ(core::image_states(images, std::vector{nameless}), by_mount) << name;
    std::vector<int> held;
    for (std::size_t i = 0; i < by_mount.size(); ++i) {
      if (by_mount[i] == image_state::in_use) held.push_back(static_cast<int>(i));
    }
    return held;
  };
  EXPECT_EQ(held_by("abcd"), (std::vector{0, 1}));
  EXPECT_EQ(held_by("sha256:abcd"), (std::vector{0, 1}));
  EXPECT_EQ(held_by("abcd12"), (std::vector{0}));
  EXPECT_EQ(held_by(id("beef")), (std::vector{2}));
  EXPECT_EQ(held_by(id("beef").substr(7)), (std::vector{2})) << "a whole ID without its prefix";
  EXPECT_EQ(held_by("cafe"), (std::vector{3})) << "a name, too";
  EXPECT_EQ(held_by("abc"), (std::vector<int>{})) << "too short to mean an ID";
  EXPECT_EQ(held_by("ABCD12"), (std::vector<int>{}));
  EXPECT_EQ(held_by("abcd12:1"), (std::vector<int>{}));
  EXPECT_EQ(held_by(id("beef") + "0"), (std::vector<int>{}));
}

TEST(image_states, a_name_with_tag_and_digest_means_the_digest) {
  const std::vector<core::image> images{make("sha256:1", {}, {"host:5000/a@sha256:d"}), make("sha256:d"),
                                        make("sha256:2", {"host:5000/a:1"})};
  core::container holder = hold("other");
  holder.image_mounts = {"host:5000/a:1@sha256:d"};
  EXPECT_EQ(core::image_states(images, std::vector{holder}),
            (std::vector{image_state::in_use, image_state::in_use, image_state::unused}));
}

TEST(image_states, what_a_name_meant_earlier_is_held) {
  const std::vector<core::image> images{make("old"), make("new", {"a:1"}), make("else", {"b:1"})};
  core::container holder = hold("other");
  holder.image_mounts = {"a:1"};
  holder.held_ids = {"old"};
  EXPECT_EQ(core::image_states(images, std::vector{holder}),
            (std::vector{image_state::in_use, image_state::in_use, image_state::unused}));
}

// Docker 28.5 deletes an image that is mounted when its tag has moved on: nobody says which image it was.
TEST(image_states, what_may_be_mounted_by_a_tag_that_moved_is_held) {
  const std::vector<core::image> images{make("nameless"), make("same", {}, {"host:5000/data@sha256:1"}),
                                        make("other", {}, {"host:5000/else@sha256:2"}), make("old", {"data:0"}),
                                        make("new", {"host:5000/data:1"})};
  const auto in_use_with = [&](const std::string& mounted, core::container_state state) {
    core::container holder = hold("elsewhere");
    holder.state = state;
    holder.image_mounts = {mounted};
    std::string held;
    const auto states = core::image_states(images, std::vector{holder});
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i] == image_state::in_use) held += images[i].id + " ";
    }
    return held;
  };
  using state = core::container_state;
  for (const auto running : {state::running, state::paused, state::restarting, state::removing}) {
    EXPECT_EQ(in_use_with("host:5000/data:1", running), "nameless same new ") << core::to_string(running);
  }
  for (const auto stopped : {state::created, state::exited, state::dead}) {
    EXPECT_EQ(in_use_with("host:5000/data:1", stopped), "new ") << core::to_string(stopped);
  }
  EXPECT_EQ(in_use_with("host:5000/data@sha256:1", state::running), "same ") << "a digest does not move";
  EXPECT_EQ(in_use_with("sha256:" + std::string(64, 'a'), state::running), "") << "nor does an ID";
}

TEST(image_states, a_mounted_name_counts_in_every_spelling) {
  const std::vector<core::image> docker{make("a", {"alpine:latest"}), make("b", {"team/app:1"}),
                                        make("c", {"alpine:3"})};
  core::container holder = hold("other");
  holder.image_mounts = {"docker.io/library/alpine", "docker.io/team/app:1"};
  EXPECT_EQ(core::image_states(docker, std::vector{holder}),
            (std::vector{image_state::in_use, image_state::in_use, image_state::unused}));
  const std::vector<core::image> podman{make("a", {"docker.io/library/alpine:latest"}),
                                        make("b", {"localhost/alpine:latest"})};
  holder.image_mounts = {"alpine"};
  EXPECT_EQ(core::image_states(podman, std::vector{holder}), (std::vector{image_state::in_use, image_state::unused}));
}

}  // namespace
}  // namespace docksweep::tests
