// Views made by hand, for tests of what is derived from them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/view.hpp"

namespace docksweep::test {

// A node to be changed and looked at.
struct made_node {
  core::inventory what;

  made_node() {
    what.engine = {"engine-1",       "docker", "28.5.2", "1.51", "overlay2", core::image_store::graphdriver,
                   "/var/lib/docker"};
  }
  core::image& add_image(std::string id, std::vector<std::string> tags = {}, std::string parent = {}) {
    core::image one;
    one.id = std::move(id);
    one.tags = std::move(tags);
    one.parent_id = std::move(parent);
    one.size = 100;
    what.images.push_back(std::move(one));
    return what.images.back();
  }
  core::container& add_container(std::string id, std::string image_id,
                                 core::container_state state = core::container_state::running) {
    core::container one;
    one.id = std::move(id);
    one.image_id = std::move(image_id);
    one.state = state;
    what.containers.push_back(std::move(one));
    return what.containers.back();
  }
  core::image& image(const std::string& id) { return *std::ranges::find(what.images, id, &core::image::id); }
  void remove_image(const std::string& id) {
    std::erase_if(what.images, [&](const auto& one) { return one.id == id; });
  }
  void remove_container(const std::string& id) {
    std::erase_if(what.containers, [&](const auto& one) { return one.id == id; });
  }
  // `tag` is this image's from now on.
  void move_tag(const std::string& tag, const std::string& to) {
    for (core::image& one : what.images) std::erase(one.tags, tag);
    image(to).tags.push_back(tag);
  }

  core::view look() const {
    core::inventory seen = what;
    std::ranges::sort(seen.images, {}, &core::image::id);
    std::ranges::sort(seen.containers, {}, &core::container::id);
    seen.details.clear();
    for (const core::image& one : seen.images) {
      auto details = std::make_shared<core::image_details>();
      details->id = one.id;
      details->diff_ids = details->chain_ids = {"layer of " + one.id};
      details->platform = "linux/amd64";
      seen.details.push_back(std::move(details));
    }
    return core::view(std::move(seen));
  }
  std::shared_ptr<const core::view> share() const { return std::make_shared<const core::view>(look()); }
};

}  // namespace docksweep::test
