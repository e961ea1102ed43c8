// An engine that behaves like Docker on a graphdriver: images with layers that they share, names, parents; containers
// and volumes. It removes by the engine's rules (409 for what is held, a parent's last name goes and frees nothing), so
// that what a sweep did can be judged by what is left.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/port_script.hpp"
#include "app/remover.hpp"

namespace docksweep::test {

struct fake_container {
  core::container_details details;
  core::container listed;
};

class fake_remover final : public app::container_engine {
 public:
  explicit fake_remover(port_script& calls) : script(calls) {}

  port_script& script;
  core::engine_identity identity{
      "engine-1", "docker", "28.5.2", "1.51", "overlay2", core::image_store::graphdriver, "/var/lib/docker"};
  std::map<std::string, core::image> images;  // by ID
  std::map<std::string, core::image_details> details;
  std::map<std::string, core::byte_count> layer_bytes;  // by chain ID
  std::map<std::string, fake_container> containers;
  std::map<std::string, core::volume> volumes;
  core::byte_count build_cache = 0;
  std::string also_lists;  // one more entry in each list of what was deleted
  int unreadable = 0;      // entries of each listing of containers
  std::string hangs;       // a call that answers only when it is cancelled

  core::byte_count bytes_of_layers() const {
    core::byte_count sum = build_cache;
    for (const auto& chain : held_chains()) sum += layer_bytes.at(chain);
    return sum;
  }
  // Names that no image has any more are gone; of the others, the image's ID.
  std::map<std::string, std::string> names() const {
    std::map<std::string, std::string> all;
    for (const auto& [id, image] : images) {
      for (const auto& tag : image.tags) all[tag] = id;
    }
    return all;
  }

  app::task<core::result<app::image_removal>> remove_image(std::string name) override {
    const std::string call = "remove_image " + name;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    if (hangs == call) {
      boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                      std::chrono::steady_clock::time_point::max());
      co_await never.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      co_return core::fail(core::failure_code::cancelled, "cancelled");
    }
    auto answer = remove_now(name);
    if (answer && !also_lists.empty()) answer->deleted.push_back(also_lists);
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return answer;
  }
  app::task<core::result<void>> remove_container(std::string id) override {
    const std::string call = "remove_container " + id;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    const bool there = containers.erase(id) > 0;
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    if (!there) co_return std::unexpected(not_there("No such container"));
    co_return core::result<void>();
  }
  app::task<core::result<core::byte_count>> prune_build_cache(core::byte_count keep_bytes) override {
    const std::string call = "prune_build_cache " + std::to_string(keep_bytes);
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    const auto freed = std::max<core::byte_count>(0, build_cache - keep_bytes);
    build_cache -= freed;
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return freed;
  }
  app::task<core::result<void>> remove_volume(std::string name) override {
    const std::string call = "remove_volume " + name;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    const bool there = volumes.erase(name) > 0;
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    if (!there) co_return std::unexpected(not_there("No such volume"));
    co_return core::result<void>();
  }
  app::task<core::result<void>> tag_image(std::string id, std::string reference) override {
    const std::string call = "tag_image " + id + " " + reference;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    const bool there = images.contains(id);
    if (there) {
      for (auto& [other, image] : images) std::erase(image.tags, reference);
      images[id].tags.push_back(reference);
    }
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    if (!there) co_return std::unexpected(not_there());
    co_return core::result<void>();
  }
  app::task<core::result<std::optional<core::container_details>>> container_details(std::string id) override {
    const std::string call = "container_details " + id;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    std::optional<core::container_details> found;
    if (const auto at = containers.find(id); at != containers.end()) found = at->second.details;
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return found;
  }
  app::task<core::result<core::listing<core::container>>> holders_of_image(std::string id) override {
    const std::string call = "holders_of_image " + id;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    core::listing<core::container> found;
    found.unreadable = unreadable;
    for (const auto& [other, one] : containers) {
      if (holds(one.listed, id)) found.items.push_back(one.listed);
    }
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return found;
  }
  app::task<core::result<core::listing<core::container>>> holders_of_volume(std::string name) override {
    const std::string call = "holders_of_volume " + name;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    core::listing<core::container> found;
    found.unreadable = unreadable;
    for (const auto& [other, one] : containers) {
      if (std::ranges::count(one.listed.volumes, name) > 0) found.items.push_back(one.listed);
    }
    co_return found;
  }
  app::task<core::result<std::optional<core::image>>> find_image(std::string name) override {
    const std::string call = "find_image " + name;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    std::optional<core::image> found;
    if (const auto* image = find(name)) found = *image;
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return found;
  }
  app::task<core::result<void>> check_answers() override {
    if (auto failed = script.begin("check_answers")) co_return std::unexpected(*failed);
    co_return core::result<void>();
  }
  app::task<core::result<core::disk_usage>> disk_usage() override {
    if (auto failed = script.begin("disk_usage")) co_return std::unexpected(*failed);
    core::disk_usage usage;
    for (const auto& [name, volume] : volumes) usage.volumes.push_back(volume);
    co_return usage;
  }

  // The sweeper has no business here.
  app::task<core::result<core::engine_identity>> identify() override { return unused<core::engine_identity>(); }
  app::task<core::result<void>> check_lists() override { return unused<void>(); }
  app::task<core::result<core::listing<core::image>>> list_images(app::engine_filters) override {
    return unused<core::listing<core::image>>();
  }
  app::task<core::result<core::image_details>> image_details(std::string) override {
    return unused<core::image_details>();
  }
  app::task<core::result<core::listing<core::container>>> list_containers(app::engine_filters, bool) override {
    return unused<core::listing<core::container>>();
  }
  app::task<core::result<std::optional<core::container>>> find_container(std::string) override {
    return unused<std::optional<core::container>>();
  }
  app::task<core::failure> follow_events(std::function<void()>,
                                         std::function<void(const core::engine_event&)>) override {
    co_return core::failure{core::failure_code::refused, "not by the sweeper", 0};
  }

  const core::image* find(const std::string& name) const {
    for (const auto& [id, image] : images) {
      if (id == name || std::ranges::count(image.tags, name) > 0 || std::ranges::count(image.digests, name) > 0) {
        return &image;
      }
    }
    return nullptr;
  }

 private:
  template <typename T>
  static app::task<core::result<T>> unused() {
    co_return core::fail(core::failure_code::refused, "not by the sweeper");
  }
  static std::string repository(const std::string& name) { return name.substr(0, name.find_first_of(":@")); }

  bool holds(const core::container& one, const std::string& id) const {
    if (one.image_id == id) return true;
    return std::ranges::any_of(one.image_mounts, [&](const std::string& mounted) {
      const auto* image = find(mounted);
      return image != nullptr && image->id == id;
    });
  }
  bool has_container(const std::string& id) const {
    return std::ranges::any_of(containers, [&](const auto& one) { return one.second.listed.image_id == id; });
  }
  bool has_child(const std::string& id) const {
    return std::ranges::any_of(images, [&](const auto& one) { return one.second.parent_id == id; });
  }
  std::set<std::string> held_chains() const {
    std::set<std::string> held;
    for (const auto& [id, image] : images) {
      const auto at = details.find(id);
      if (at != details.end()) held.insert(at->second.chain_ids.begin(), at->second.chain_ids.end());
    }
    return held;
  }

  core::result<app::image_removal> remove_now(const std::string& name) {
    const auto* found = find(name);
    if (found == nullptr) return std::unexpected(not_there("No such image: " + name));
    core::image& image = images[found->id];
    app::image_removal answer;
    if (name == image.id) {
      std::set<std::string> repositories;
      for (const auto& tag : image.tags) repositories.insert(repository(tag));
      for (const auto& digest : image.digests) repositories.insert(repository(digest));
      if (repositories.size() > 1) return std::unexpected(conflict("image is referenced in multiple repositories"));
      if (has_container(image.id)) return std::unexpected(conflict("image is being used by a container"));
      if (has_child(image.id)) return std::unexpected(conflict("image has dependent child images (cannot be forced)"));
    } else {
      const bool last = image.tags.size() + image.digests.size() == 1 || only_digests_of(image, name);
      if (last && has_container(image.id)) return std::unexpected(conflict("image is being used by a container"));
      answer.untagged.push_back(name);
      std::erase(image.tags, name);
      std::erase(image.digests, name);
      drop_digests(image, repository(name), answer);
      if (!image.tags.empty() || !image.digests.empty() || has_child(image.id)) return answer;
    }
    remove_upward(image.id, answer);
    return answer;
  }
  // Whether this tag is the last one, and all digests are of its repository: they go along with it.
  static bool only_digests_of(const core::image& image, const std::string& tag) {
    return image.tags == std::vector{tag} && std::ranges::all_of(image.digests, [&](const std::string& digest) {
             return repository(digest) == repository(tag);
           });
  }
  static void drop_digests(core::image& image, const std::string& from, app::image_removal& answer) {
    const auto of_it = [&](const std::string& name) { return repository(name) == from; };
    if (std::ranges::any_of(image.tags, of_it)) return;
    for (const auto& digest : image.digests) {
      if (of_it(digest)) answer.untagged.push_back(digest);
    }
    std::erase_if(image.digests, of_it);
  }
  void remove_upward(std::string id, app::image_removal& answer) {
    while (true) {
      const auto before = held_chains();
      const std::string parent = images[id].parent_id;
      images.erase(id);
      answer.deleted.push_back(id);
      for (const auto& chain : before) {
        if (!held_chains().contains(chain)) answer.deleted.push_back(chain);
      }
      const auto next = images.find(parent);
      if (next == images.end() || !next->second.tags.empty() || !next->second.digests.empty()) return;
      if (has_child(parent) || has_container(parent)) return;
      id = parent;
    }
  }
};

}  // namespace docksweep::test
