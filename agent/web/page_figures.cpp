// A view of the node as the figures of the page; see page.hpp.
#include <algorithm>
#include <numeric>
#include <utility>

#include "report/human.hpp"
#include "web/page.hpp"

namespace docksweep::web {
namespace {

page_image figures_of_image(const core::view& view, std::size_t index) {
  const auto& image = view.what().images[index];
  page_image made;
  made.id = report::short_id(image.id);
  if (!image.tags.empty()) {
    made.name = image.tags.front();
    made.more_names = image.tags.size() - 1;
  } else {
    made.name = image.digests.empty() ? std::string() : image.digests.front();
  }
  made.size = image.size;
  made.alone = view.freed_alone(index);
  made.state = view.states()[index];
  return made;
}

void add_largest(const core::view& view, std::size_t most, page_node& node) {
  const auto& images = view.what().images;
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t count = std::min(most, order.size());
  const auto larger = [&](std::size_t one, std::size_t other) {
    return std::pair(images[other].size, one) < std::pair(images[one].size, other);
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), larger);
  for (std::size_t at = 0; at < count; ++at) node.largest.push_back(figures_of_image(view, order[at]));
  node.images_left_out = static_cast<std::int64_t>(order.size() - count);
}

}  // namespace

page_node figures_of(const core::view& view, std::size_t most_images) {
  page_node node;
  const auto& what = view.what();
  node.engine = what.engine;
  node.complete_at = what.complete_at;
  std::ranges::copy(view.images_by_state(), node.images.begin());
  std::ranges::copy(view.layers().bytes_by_state(), node.image_bytes.begin());
  node.exact = view.layers().exact();
  node.reclaimable = view.reclaimable();
  node.dangling_reclaimable = view.dangling_reclaimable();
  std::ranges::copy(view.containers_by_state(), node.containers.begin());
  if (what.disk) {
    node.volumes = static_cast<std::int64_t>(what.disk->volumes.size());
    node.unreferenced_volumes =
        std::ranges::count(what.disk->volumes, std::optional<int>(0), &core::volume::references);
    auto& disk = node.disk.emplace();
    disk.made_at = what.disk->made_at;
    disk.images_bytes = what.disk->images_bytes;
    disk.containers_bytes = what.disk->containers_bytes;
    disk.volumes_bytes = what.disk->volumes_bytes;
    disk.build_cache_bytes = what.disk->build_cache_bytes;
    disk.build_cache_reclaimable_bytes = what.disk->build_cache_reclaimable_bytes;
  }
  add_largest(view, most_images, node);
  return node;
}

}  // namespace docksweep::web
