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
