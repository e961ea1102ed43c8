#include "core/random_node.hpp"

#include <algorithm>

namespace docksweep::tests {
namespace {

class builder {
 public:
  builder(std::uint32_t seed, const random_node_options& options) : random_(seed), options_(options) {}

  random_node build() {
    for (int i = 0; i < options_.images; ++i) add_image(i);
    return std::move(node_);
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint32_t>(limit)); }
  bool chance(int percent) { return below(100) < percent; }

  // Half of the images continue an earlier one: as a classic build (its parent), or as a pull that shares layers.
  void add_image(int number) {
    core::image one;
    core::image_details details;
    one.id = "sha256:image" + std::to_string(number);
    const bool continues = number > 0 && chance(60);
    if (continues) {
      const auto base = static_cast<std::size_t>(below(number));
      const auto& from = node_.details[base];
      const bool built_here = chance(60);
      const auto keep = built_here ? from.diff_ids.size()
                                   : static_cast<std::size_t>(below(static_cast<int>(from.diff_ids.size()) + 1));
      details.diff_ids.assign(from.diff_ids.begin(), from.diff_ids.begin() + static_cast<std::ptrdiff_t>(keep));
      if (built_here) one.parent_id = node_.images[base].id;
    }
    const int added = below(4) + (details.diff_ids.empty() ? 1 : 0);
    for (int i = 0; i < added; ++i) details.diff_ids.push_back("sha256:diff" + std::to_string(next_diff_++));
    finish(std::move(one), std::move(details), number);
  }

  void finish(core::image one, core::image_details details, int number) {
    details.id = one.id;
    details.chain_ids = core::chain_ids(details.diff_ids);
    core::byte_count size = 0;
    for (const auto& chain : details.chain_ids) {
      const auto layer =
          node_.true_size.try_emplace(chain, chance(options_.zero_size_percent) ? 0 : 1 + below(1'000'000));
      size += layer.first->second;
      if (layer.first->second > 0) details.history_sizes.push_back(layer.first->second);
    }
    details.has_history = !chance(options_.no_history_percent);
    if (!details.has_history) details.history_sizes.clear();
    one.size = size;
    if (!chance(options_.untagged_percent)) one.tags.push_back("repository" + std::to_string(number) + ":1");
    if (chance(10)) one.digests.push_back("repository" + std::to_string(number) + "@sha256:d");
    if (chance(options_.container_percent)) {
      core::container held;
      held.id = "container" + std::to_string(number);
      held.image_id = one.id;
      node_.containers.push_back(held);
    }
    node_.images.push_back(std::move(one));
    node_.details.push_back(std::move(details));
  }

  std::mt19937 random_;
  random_node_options options_;
  random_node node_;
  int next_diff_ = 0;
};

// What of these only images that go have, each once.
core::byte_count lost(const std::vector<core::image_details>& all, const std::set<std::size_t>& gone,
                      std::vector<std::string> core::image_details::*parts,
                      const std::map<std::string, core::byte_count>& sizes) {
  std::set<std::string> going, kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    (gone.contains(i) ? going : kept).insert((all[i].*parts).begin(), (all[i].*parts).end());
  }
  core::byte_count sum = 0;
  for (const auto& one : going) sum += kept.contains(one) ? 0 : sizes.at(one);
  return sum;
}

}  // namespace

std::vector<const core::image_details*> random_node::details_view() const {
  std::vector<const core::image_details*> pointers;
  for (const auto& one : details) pointers.push_back(&one);
  return pointers;
}

core::byte_count random_node::naive_freed(const std::vector<std::uint32_t>& removed) const {
  std::set<std::size_t> alive, gone;
  for (std::size_t i = 0; i < images.size(); ++i) alive.insert(i);
  const auto has_child = [&](std::size_t parent) {
    return std::any_of(alive.begin(), alive.end(), [&](auto i) { return images[i].parent_id == images[parent].id; });
  };
  const auto in_use = [&](std::size_t i) {
    return std::any_of(containers.begin(), containers.end(),
                       [&](const auto& one) { return one.image_id == images[i].id; });
  };
  std::set<std::size_t> wanted(removed.begin(), removed.end());
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto i : std::set(alive)) {
      if (has_child(i)) continue;
      const bool orphaned_here = wanted.contains(i);
      if (!orphaned_here) continue;
      alive.erase(i);
      gone.insert(i);
      changed = true;
      // The engine walks upward at once: an ancestor without name, child or container goes along.
      for (auto parent = images[i].parent_id; !parent.empty();) {
        const auto found = std::find_if(alive.begin(), alive.end(), [&](auto p) { return images[p].id == parent; });
        if (found == alive.end()) break;
        const auto p = *found;
        if (!images[p].tags.empty() || !images[p].digests.empty() || has_child(p) || in_use(p)) break;
        parent = images[p].parent_id;
        alive.erase(p);
        gone.insert(p);
      }
    }
  }
  return lost(details, gone, &core::image_details::chain_ids, true_size);
}

random_containerd_node on_containerd(random_node node, std::uint32_t seed) {
  std::mt19937 random(seed);
  random_containerd_node out{std::move(node), {}, {}};
  for (std::size_t i = 0; i < out.node.images.size(); ++i) {
    auto& image = out.node.images[i];
    auto& details = out.node.details[i];
    image.parent_id.clear();
    out.own.push_back(1 + random() % 2000);
    core::byte_count content = out.own.back();
    for (std::size_t layer = 0; layer < details.diff_ids.size(); ++layer) {
      const auto unpacked = out.node.true_size.at(details.chain_ids[layer]);
      const auto packed = 100 + unpacked * static_cast<core::byte_count>(random() % 110) / 100;
      content += out.true_blob.try_emplace(details.diff_ids[layer], packed).first->second;
    }
    details.content_size = content;
    image.size = image.size.value_or(0) + content;
  }
  return out;
}

core::byte_count random_containerd_node::naive_snapshots_freed(const std::vector<std::uint32_t>& removed) const {
  return lost(node.details, {removed.begin(), removed.end()}, &core::image_details::chain_ids, node.true_size);
}

core::byte_count random_containerd_node::naive_freed(const std::vector<std::uint32_t>& removed) const {
  auto sum = naive_snapshots_freed(removed);
  sum += lost(node.details, {removed.begin(), removed.end()}, &core::image_details::diff_ids, true_blob);
  for (const auto i : removed) sum += own[i];
  return sum;
}

random_node make_random_node(std::uint32_t seed, const random_node_options& options) {
  return builder(seed, options).build();
}

}  // namespace docksweep::tests
