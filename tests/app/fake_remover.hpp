// An engine that behaves like Docker on a graphdriver: images with layers that they share, names, parents; containers
// and volumes. It removes by the engine's rules (409 for what is held, a parent's last name goes and frees nothing), so
// that what a sweep did can be judged by what is left. It pulls from a registry that tests fill with push(), and saves
// and loads whole images.
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
#include "app/whole_image.hpp"
#include "core/pattern.hpp"

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

  std::map<std::string, whole_image> registry;       // by name: "docker.io/library/app@sha256:…"
  std::map<std::string, std::string> registry_tags;  // "docker.io/library/app:1" → a digest
  bool registry_down = false;
  std::set<std::string> registry_wants_login;    // repositories, "docker.io/library/app": no credential fits
  std::size_t piece_bytes = 1000;                // of what save_image hands out
  std::optional<std::size_t> save_breaks_after;  // so many bytes: the engine closes the connection
  std::vector<app::pull_request> pulls;          // all that were asked for

  // As `docker push`: the registry has the image then, under this tag and this digest, and the image carries both.
  void push(const std::string& id, const std::string& tag, const std::string& digest) {
    const auto canonical = core::canonical_reference(tag);
    const auto repository = repository_of(canonical);
    registry[repository + "@" + digest] = whole(id);
    registry_tags[canonical] = digest;
    give_name(images.at(id).tags, tag);
    give_name(images.at(id).digests, repository_of(tag) + "@" + digest);
  }

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
    auto stuck = hang(call);
    if (co_await std::move(stuck)) co_return core::fail(core::failure_code::cancelled, "cancelled");
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

  // "pull_image docker.io/library/app@sha256:… linux/amd64"; the platform only where one is asked for.
  app::task<core::result<app::pulled_image>> pull_image(app::pull_request what, app::progress_sink progress) override {
    const auto name = what.repository + (what.version.find(':') == std::string::npos ? ":" : "@") + what.version;
    const std::string call = "pull_image " + name + (what.platform.empty() ? "" : " " + what.platform);
    pulls.push_back(what);
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    auto stuck = hang(call);
    if (co_await std::move(stuck)) co_return core::fail(core::failure_code::cancelled, "cancelled");
    const auto answer = pull_now(what, name, progress);
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return answer;
  }
  app::task<core::result<bool>> registry_has(std::string repository, std::string digest) override {
    const std::string call = "registry_has " + repository + "@" + digest;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    auto stuck = hang(call);
    if (co_await std::move(stuck)) co_return core::fail(core::failure_code::cancelled, "cancelled");
    const auto canonical = core::canonical_reference(repository);
    const auto closed = registry_refusal(canonical);
    const bool there = registry.contains(canonical + "@" + digest);
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    if (closed) co_return std::unexpected(*closed);
    co_return there;
  }
  app::task<core::result<std::optional<std::string>>> registry_digest(std::string repository, std::string tag) override {
    const auto name = core::canonical_reference(repository) + ":" + tag;
    if (auto failed = script.begin("registry_digest " + name)) co_return std::unexpected(*failed);
    if (const auto closed = registry_refusal(core::canonical_reference(repository))) co_return std::unexpected(*closed);
    std::optional<std::string> digest;
    if (const auto found = registry_tags.find(name); found != registry_tags.end()) digest = found->second;
    co_return digest;
  }
  app::task<core::result<core::byte_count>> save_image(std::string id, app::piece_consumer consume) override {
    const std::string call = "save_image " + id;
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    auto stuck = hang(call);
    if (co_await std::move(stuck)) co_return core::fail(core::failure_code::cancelled, "cancelled");
    const auto* found = find(id);
    if (found == nullptr) co_return std::unexpected(not_there("No such image: " + id));
    auto saved = whole(found->id);
    if (id != found->id) saved.image.tags = {id};
    const std::string bytes = packed(saved);
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
      if (save_breaks_after && at >= *save_breaks_after) co_return std::unexpected(connection_lost("it broke off"));
      auto taking = consume(std::string_view(bytes).substr(at, piece_bytes));
      const auto taken = co_await std::move(taking);
      if (!taken) co_return std::unexpected(taken.error());
    }
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    co_return static_cast<core::byte_count>(bytes.size());
  }
  app::task<core::result<std::vector<std::string>>> load_images(app::piece_source source) override {
    const std::string call = "load_images";
    if (auto failed = script.begin(call)) co_return std::unexpected(*failed);
    auto stuck = hang(call);
    if (co_await std::move(stuck)) co_return core::fail(core::failure_code::cancelled, "cancelled");
    std::string bytes;
    while (true) {
      auto asking = source();
      const auto piece = co_await std::move(asking);
      if (!piece) co_return std::unexpected(piece.error());
      if (piece->empty()) break;
      bytes += *piece;
    }
    const auto loaded = unpacked(bytes);
    if (loaded) bring(*loaded);
    if (auto lost = script.end(call)) co_return std::unexpected(*lost);
    if (!loaded) co_return std::unexpected(engine_fault("archive/tar: invalid tar header"));
    std::vector<std::string> answer = loaded->image.tags;
    if (answer.empty()) answer.push_back(loaded->image.id);
    co_return answer;
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
  // The same where a registry may have a port.
  static std::string repository_of(std::string name) {
    name = name.substr(0, name.find('@'));
    const auto slash = name.rfind('/');
    return name.substr(0, name.find(':', slash == std::string::npos ? 0 : slash));
  }
  static void give_name(std::vector<std::string>& names, const std::string& name) {
    if (std::ranges::count(names, name) == 0) names.push_back(name);
  }

  // True, once it is cancelled, where this call hangs.
  app::task<bool> hang(std::string call) {
    if (hangs != call) co_return false;
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                    std::chrono::steady_clock::time_point::max());
    co_await never.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return true;
  }

  whole_image whole(const std::string& id) const {
    whole_image all{images.at(id), details.at(id), {}};
    all.image.tags.clear();
    all.image.digests.clear();
    all.image.parent_id.clear();
    for (const auto& chain : all.details.chain_ids) all.layer_sizes.push_back(layer_bytes.at(chain));
    return all;
  }
  // Its layers and the image, where it is not there yet; the names that it has take them from other images.
  core::image& bring(const whole_image& all) {
    const auto& id = all.image.id;
    if (!images.contains(id)) {
      images[id] = all.image;
      images[id].tags.clear();
      details[id] = all.details;
      for (std::size_t i = 0; i < all.layer_sizes.size(); ++i)
        layer_bytes[all.details.chain_ids[i]] = all.layer_sizes[i];
    }
    for (const auto& tag : all.image.tags) take_name(id, tag);
    return images[id];
  }
  void take_name(const std::string& id, const std::string& tag) {
    for (auto& [other, image] : images) {
      if (other != id) std::erase(image.tags, tag);
    }
    give_name(images[id].tags, tag);
  }
  std::optional<core::failure> registry_refusal(const std::string& canonical) const {
    if (registry_down) return engine_fault("dial tcp 127.0.0.1:5000: connect: connection refused");
    if (!registry_wants_login.contains(canonical)) return std::nullopt;
    return core::failure{core::failure_code::refused, "unauthorized: authentication required", 500};
  }
  core::result<app::pulled_image> pull_now(const app::pull_request& what, const std::string& name,
                                           const app::progress_sink& progress) {
    if (what.version.empty()) return core::fail(core::failure_code::invalid, "an engine would pull all tags");
    if (const auto closed = registry_refusal(what.repository)) return std::unexpected(*closed);
    const bool by_digest = what.version.find(':') != std::string::npos;
    const auto tagged = registry_tags.find(name);
    if (!by_digest && tagged == registry_tags.end()) return std::unexpected(not_there("manifest unknown"));
    const std::string digest = by_digest ? what.version : tagged->second;
    const auto found = registry.find(what.repository + "@" + digest);
    if (found == registry.end()) return std::unexpected(not_there("manifest unknown"));
    const auto& has = found->second.details.platform;
    if (!what.platform.empty() && !has.empty() && what.platform != has) {
      return std::unexpected(not_there("no matching manifest for " + what.platform + " in the manifest list entries"));
    }
    app::pulled_image answer{digest, !images.contains(found->second.image.id)};
    core::image& image = bring(found->second);
    give_name(image.digests, core::familiar_reference(what.repository) + "@" + digest);
    if (!by_digest) take_name(image.id, core::familiar_reference(name));
    if (progress) tell(found->second, answer, name, progress);
    return answer;
  }
  static void tell(const whole_image& pulled, const app::pulled_image& answer, const std::string& name,
                   const app::progress_sink& progress) {
    for (std::size_t i = 0; answer.was_newer && i < pulled.layer_sizes.size(); ++i) {
      const auto layer = "layer" + std::to_string(i);
      const auto bytes = pulled.layer_sizes[i];
      progress({layer, "Pulling fs layer", std::nullopt, std::nullopt});
      progress({layer, "Downloading", bytes / 2, bytes});
      progress({layer, "Pull complete", std::nullopt, std::nullopt});
    }
    progress({"", "Digest: " + answer.digest, std::nullopt, std::nullopt});
    const std::string end = answer.was_newer ? "Downloaded newer image for " : "Image is up to date for ";
    progress({"", "Status: " + end + name, std::nullopt, std::nullopt});
  }

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
