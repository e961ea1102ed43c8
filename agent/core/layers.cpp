#include "core/layers.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

namespace docksweep::core {
namespace {

// Numbers strings in the order in which they are first seen.
class interner {
 public:
  explicit interner(std::size_t expected) { numbers_.reserve(expected); }
  std::uint32_t operator()(std::string_view text) {
    return numbers_.try_emplace(text, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }
  std::size_t size() const { return numbers_.size(); }

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

// Podman counts an image's manifest and configuration in its Size, one or two KB that go with it; the history of the
// layers, where it is complete, tells them apart.
byte_count bytes_beside_layers(const image_details& one, std::optional<byte_count> cumulative) {
  if (!cumulative || one.chain_ids.empty() || one.history_sizes.size() != one.chain_ids.size()) return 0;
  return *cumulative - std::accumulate(one.history_sizes.begin(), one.history_sizes.end(), byte_count{0});
}

}  // namespace

layer_accounting::layer_accounting(image_store store, std::span<const image> images,
                                   std::span<const image_details* const> details, std::span<const image_state> states,
                                   std::optional<byte_count> held_by_others)
    : store_(store), held_by_others_(held_by_others) {
  images_.resize(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    images_[i].state = states[i];
    images_[i].nameless = images[i].tags.empty() && images[i].digests.empty();
    images_[i].goes_along = images_[i].nameless && states[i] != image_state::in_use;
    if (images[i].size) images_[i].listed_bytes = std::max<byte_count>(0, *images[i].size);
  }
  intern(images, details);
  resolve_sizes(images, details);
  link_parents(images);
  choose_blob_owners();
  for (std::uint32_t i = 0; i < images_.size(); ++i) {
    for (const auto chain : layers_of(i)) {
      ++layers_[chain].holders;
      layers_[chain].strongest = std::min(layers_[chain].strongest, states[i]);
    }
  }
  merge_segments();
  exact_ = store_ == image_store::graphdriver && unknown_images_ == 0 && segments_.empty() &&
           std::all_of(layers_.begin(), layers_.end(), [](const layer& one) { return one.size.exact(); }) &&
           std::all_of(images_.begin(), images_.end(), [](const held_image& one) { return one.unknown.exact(); });
}

void layer_accounting::intern(std::span<const image> images, std::span<const image_details* const> details) {
  std::size_t references = 0;
  for (const auto* one : details) references += one ? one->chain_ids.size() : 0;
  image_layers_.reserve(references);
  interner chains(references);
  interner diffs(store_ == image_store::containerd ? references : 0);
  for (std::size_t i = 0; i < images.size(); ++i) {
    auto& held = images_[i];
    const auto* one = details[i];
    held.known = one != nullptr;
    held.first = static_cast<std::uint32_t>(image_layers_.size());
    if (!one) {
      ++unknown_images_;
      held.unknown = {0, held.listed_bytes.value_or(0)};
      continue;
    }
    held.count = static_cast<std::uint32_t>(one->chain_ids.size());
    for (const auto& chain : one->chain_ids) image_layers_.push_back(chains(chain));
    if (store_ != image_store::containerd) continue;
    for (const auto& diff : one->diff_ids) image_diffs_.push_back(diffs(diff));
    held.blob_bytes = std::max<byte_count>(0, one->content_size.value_or(0));
  }
  layers_.resize(chains.size());
  diff_holders_.assign(diffs.size(), 0);
  for (const auto diff : image_diffs_) ++diff_holders_[diff];
}

void layer_accounting::resolve_sizes(std::span<const image> images, std::span<const image_details* const> details) {
  std::vector<layered_image> layered;
  layered.reserve(images.size());
  for (std::uint32_t i = 0; i < images_.size(); ++i) {
    const auto* one = details[i];
    if (!one) continue;
    auto cumulative = images[i].size;
    if (store_ == image_store::containerd && cumulative) {
      cumulative = one->content_size ? std::optional(*cumulative - *one->content_size) : std::nullopt;
    }
    const bool exact = store_ == image_store::graphdriver;
    if (const auto apart = exact ? bytes_beside_layers(*one, cumulative) : 0; apart > 0) {
      images_[i].unknown.at_most = apart;
      cumulative = *cumulative - apart;
    }
    layered.push_back({layers_of(i), cumulative, one->history_sizes, exact});
  }
  auto sizes = resolve_layer_sizes(layered, layers_.size());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].size = sizes.of[i];
    layers_[i].segment = sizes.segment[i];
  }
  segments_ = std::move(sizes.segments);
}

void layer_accounting::link_parents(std::span<const image> images) {
  std::unordered_map<std::string_view, std::uint32_t> by_id;
  const bool any = std::any_of(images.begin(), images.end(), [](const image& one) { return !one.parent_id.empty(); });
  if (!any) return;
  by_id.reserve(images.size());
  for (std::uint32_t i = 0; i < images.size(); ++i) by_id.emplace(images[i].id, i);
  for (std::uint32_t i = 0; i < images.size(); ++i) {
    const auto found = by_id.find(images[i].parent_id);
    if (found == by_id.end() || found->second == i) continue;
    images_[i].parent = found->second;
    ++images_[found->second].children;
  }
}

// Layers of a segment that the same images hold can only go together: the sum is all that matters, and where it is
// exact so are they. Chains nest, so equal numbers of holders are equal holders.
void layer_accounting::merge_segments() {
  struct extent {
    std::uint32_t fewest = none, most = 0, top = none;
  };
  std::vector<extent> extents(segments_.size());
  for (std::uint32_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].segment == none) continue;
    auto& seen = extents[layers_[i].segment];
    seen.fewest = std::min(seen.fewest, layers_[i].holders);
    seen.most = std::max(seen.most, layers_[i].holders);
    seen.top = i;
  }
  bool all_merged = true;
  for (auto& one : layers_) {
    if (one.segment == none) continue;
    const auto& seen = extents[one.segment];
    if (seen.fewest != seen.most) {
      all_merged = false;
      continue;
    }
    one.size = &one == &layers_[seen.top] ? segments_[one.segment].sum : byte_range{};
    one.segment = none;
  }
  if (all_merged) segments_.clear();
}

std::span<const std::uint32_t> layer_accounting::layers_of(std::uint32_t image) const {
  return std::span(image_layers_).subspan(images_[image].first, images_[image].count);
}

bool layer_accounting::goes_alone_without_ancestors(std::uint32_t image) const {
  const auto& one = images_[image];
  if (one.children > 0) return false;
  return one.parent == none || !images_[one.parent].goes_along || images_[one.parent].children > 1;
}

std::vector<std::uint32_t> layer_accounting::gone_with(std::span<const std::uint32_t> removed) const {
  std::vector<bool> chosen(images_.size(), false);
  std::vector<bool> handled(images_.size(), false);
  std::vector<std::uint32_t> children(images_.size());
  for (std::uint32_t i = 0; i < images_.size(); ++i) children[i] = images_[i].children;
  for (const auto one : removed) chosen[one] = true;

  std::vector<std::uint32_t> gone;
  const auto remove_upward = [&](std::uint32_t one) {
    while (one != none && !handled[one]) {
      if (children[one] > 0 || (!chosen[one] && !images_[one].goes_along)) return;
      handled[one] = true;
      gone.push_back(one);
      one = images_[one].parent;
      if (one != none) --children[one];
    }
  };
  for (const auto one : removed) remove_upward(one);
  return gone;
}

byte_range layer_accounting::layers_freed(std::span<const std::uint32_t> gone) const {
  std::vector<std::uint32_t> lost(layers_.size(), 0);
  std::vector<std::uint32_t> freed_in_segment(segments_.size(), 0);
  std::vector<byte_range> loose(segments_.size());
  byte_range freed;
  for (const auto image : gone) {
    freed += images_[image].unknown;
    for (const auto chain : layers_of(image)) {
      const auto& one = layers_[chain];
      if (++lost[chain] != one.holders) continue;
      if (one.segment == none) {
        freed += one.size;
      } else {
        ++freed_in_segment[one.segment];
        loose[one.segment] += one.size;
      }
    }
  }
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (freed_in_segment[i] == segments_[i].layers) {
      freed += segments_[i].sum;
    } else {
      freed += {loose[i].at_least, std::min(loose[i].at_most, segments_[i].sum.at_most)};
    }
  }
  return freed;
}

std::span<const std::uint32_t> layer_accounting::diffs_of(std::uint32_t image) const {
  return std::span(image_diffs_).subspan(images_[image].first, images_[image].count);
}

// The largest first: of images that share a blob, it is the one that is counted.
std::vector<std::uint32_t> layer_accounting::largest_blobs_first(std::span<const std::uint32_t> some) const {
  std::vector<std::uint32_t> by_size(some.begin(), some.end());
  std::sort(by_size.begin(), by_size.end(), [this](auto one, auto other) {
    return std::pair(images_[other].blob_bytes, one) < std::pair(images_[one].blob_bytes, other);
  });
  return by_size;
}

// Compressed blobs (containerd) are known by image only. Of the images that share a layer the largest stands for its
// blob: no layer has two owners, so that nothing is counted twice whatever the set.
void layer_accounting::choose_blob_owners() {
  diff_owner_.assign(diff_holders_.size(), none);
  if (store_ != image_store::containerd) return;
  std::vector<std::uint32_t> all(images_.size());
  std::iota(all.begin(), all.end(), 0U);
  for (const auto image : largest_blobs_first(all)) {
    const auto diffs = diffs_of(image);
    if (std::any_of(diffs.begin(), diffs.end(), [this](auto diff) { return diff_owner_[diff] != none; })) continue;
    for (const auto diff : diffs) {
      if (diff_owner_[diff] == image) continue;  // the same layer twice
      diff_owner_[diff] = image;
      ++images_[image].owned_diffs;
    }
  }
}

// An image's blobs are surely freed when it stands for its layers and no image that stays holds any of them; at most
// all blobs of all images of the set go.
byte_range layer_accounting::blobs_freed(std::span<const std::uint32_t> gone) const {
  if (store_ != image_store::containerd) return {};
  std::vector<std::uint32_t> lost(diff_holders_.size(), 0);
  std::vector<std::uint32_t> lost_of_owner(images_.size(), 0);
  byte_range freed;
  for (const auto image : gone) {
    freed.at_most += images_[image].blob_bytes;
    for (const auto diff : diffs_of(image)) {
      if (++lost[diff] != diff_holders_[diff]) continue;
      const auto owner = diff_owner_[diff];
      if (owner == none || ++lost_of_owner[owner] != images_[owner].owned_diffs) continue;
      freed.at_least += images_[owner].blob_bytes;
    }
  }
  return freed;
}

// What keeps layers alive beyond the images that are known to hold them comes off the lower bound.
byte_range layer_accounting::bounded(byte_range freed, std::span<const std::uint32_t> gone) const {
  std::uint32_t unknown_gone = 0;
  std::optional<byte_count> listed = 0;
  for (const auto image : gone) {
    unknown_gone += images_[image].known ? 0 : 1;
    const auto& bytes = images_[image].listed_bytes;
    listed = listed && bytes ? std::optional(*listed + *bytes) : std::nullopt;
  }
  if (listed) freed.at_most = std::min(freed.at_most, *listed);
  if (unknown_gone < unknown_images_ || !held_by_others_) freed.at_least = 0;
  freed.at_least = std::max<byte_count>(0, freed.at_least - held_by_others_.value_or(0));
  freed.at_least = std::min(freed.at_least, freed.at_most);
  return freed;
}

byte_range layer_accounting::freed_by(std::span<const std::uint32_t> removed) const {
  if (removed.size() == 1 && segments_.empty() && store_ == image_store::graphdriver &&
      goes_alone_without_ancestors(removed.front())) {
    auto freed = images_[removed.front()].unknown;
    for (const auto chain : layers_of(removed.front())) {
      if (layers_[chain].holders == 1) freed += layers_[chain].size;
    }
    return bounded(freed, removed);
  }
  const auto gone = gone_with(removed);
  auto freed = layers_freed(gone);
  freed += blobs_freed(gone);
  return bounded(freed, gone);
}

byte_range layer_accounting::bytes_of(std::uint32_t image, std::span<const std::uint32_t> places) const {
  const auto chains = layers_of(image);
  byte_range bytes;
  std::unordered_map<std::uint32_t, std::pair<std::uint32_t, byte_range>> pieces;  // segment → layers of it, their sum
  for (const auto place : places) {
    const auto& one = layers_[chains[place]];
    if (one.segment == none) {
      bytes += one.size;
      continue;
    }
    auto& [count, sum] = pieces[one.segment];
    ++count;
    sum += one.size;
  }
  for (const auto& [segment, piece] : pieces) {
    const auto& [count, sum] = piece;
    const auto& whole = segments_[segment];
    bytes += count == whole.layers ? whole.sum : byte_range{sum.at_least, std::min(sum.at_most, whole.sum.at_most)};
  }
  return bytes;
}

byte_range layer_accounting::total() const {
  std::vector<std::uint32_t> all(images_.size());
  std::iota(all.begin(), all.end(), 0U);
  auto sum = layers_freed(all);
  sum += blobs_freed(all);
  return sum;
}

std::array<byte_count, all_image_states.size()> layer_accounting::bytes_by_state() const {
  std::array<byte_count, all_image_states.size()> bytes{};
  for (const auto& one : layers_) bytes[static_cast<std::size_t>(one.strongest)] += one.size.at_least;
  if (store_ != image_store::containerd) return bytes;
  // Blobs: each image that shares none with one counted before it, those in use first.
  std::vector<std::uint32_t> all(images_.size());
  std::iota(all.begin(), all.end(), 0U);
  const auto others =
      std::partition(all.begin(), all.end(), [this](auto i) { return images_[i].state == image_state::in_use; });
  auto order = largest_blobs_first(std::span(all.begin(), others));
  for (const auto image : largest_blobs_first(std::span(others, all.end()))) order.push_back(image);
  std::vector<bool> counted(diff_holders_.size(), false);
  for (const auto image : order) {
    const auto diffs = diffs_of(image);
    if (std::any_of(diffs.begin(), diffs.end(), [&](auto diff) { return counted[diff]; })) continue;
    for (const auto diff : diffs) counted[diff] = true;
    bytes[static_cast<std::size_t>(images_[image].state)] += images_[image].blob_bytes;
  }
  return bytes;
}

}  // namespace docksweep::core
