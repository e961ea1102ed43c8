#include "core/removal_simulation.hpp"

#include <algorithm>

namespace docksweep::core {
namespace {

byte_range times(int sign, byte_range range) {
  return {sign * range.at_least, sign * range.at_most};
}

}  // namespace

removal_simulation::removal_simulation(const layer_accounting& layers, std::span<const image_state> states)
    : layers_(layers) {
  images_.resize(layers_.images_.size());
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const auto& one = layers_.images_[i];
    images_[i].goes_along = states.empty() ? one.goes_along : one.nameless && states[i] != image_state::in_use;
  }
  clear();
}

void removal_simulation::clear() {
  for (std::size_t i = 0; i < images_.size(); ++i) {
    images_[i] = {.staying_children = layers_.images_[i].children, .goes_along = images_[i].goes_along};
  }
  holders_.resize(layers_.layers_.size());
  for (std::size_t i = 0; i < holders_.size(); ++i) holders_[i] = layers_.layers_[i].holders;
  diff_holders_ = layers_.diff_holders_;
  segments_.assign(layers_.segments_.size(), {});
  sum_ = {};
  listed_bytes_ = 0;
  without_listed_bytes_ = 0;
  unknown_gone_ = 0;
  chosen_ = 0;
  chosen_and_gone_ = 0;
}

bool removal_simulation::may_go(std::uint32_t image) const {
  const auto& one = images_[image];
  if (one.chosen && one.staying_children == 0) return true;
  // Its last child takes it along; without a child nothing does.
  return one.goes_along && one.staying_children == 0 && layers_.images_[image].children > 0;
}

std::span<const std::uint32_t> removal_simulation::add(std::uint32_t image) {
  taken_.clear();
  if (images_[image].chosen) return taken_;
  images_[image].chosen = true;
  ++chosen_;
  if (images_[image].gone) ++chosen_and_gone_;
  take_upward(image);
  return taken_;
}

void removal_simulation::fetch_ahead(std::span<const std::uint32_t> order, std::size_t at) const {
  // Each stage needs what the one before it has fetched.
  constexpr std::size_t image_ahead = 16, list_ahead = 8, layers_ahead = 4;
  constexpr std::size_t in_a_cache_line = 64 / sizeof(std::uint32_t);
  if (at + image_ahead < order.size()) {
    __builtin_prefetch(&images_[order[at + image_ahead]]);
    __builtin_prefetch(&layers_.images_[order[at + image_ahead]]);
  }
  if (at + list_ahead < order.size()) {
    const auto list = layers_.layers_of(order[at + list_ahead]);
    for (std::size_t i = 0; i < list.size(); i += in_a_cache_line) __builtin_prefetch(&list[i]);
  }
  if (at + layers_ahead < order.size()) {
    for (const auto layer : layers_.layers_of(order[at + layers_ahead])) {
      __builtin_prefetch(&holders_[layer]);
      __builtin_prefetch(&layers_.layers_[layer]);
    }
  }
}

void removal_simulation::drop(std::uint32_t image) {
  if (!images_[image].chosen) return;
  if (images_[image].gone) --chosen_and_gone_;
  images_[image].chosen = false;
  --chosen_;
  put_back_upward(image);
}

void removal_simulation::hold(std::uint32_t image) {
  images_[image].goes_along = false;
  put_back_upward(image);
}

void removal_simulation::release(std::uint32_t image) {
  images_[image].goes_along = layers_.images_[image].nameless;
  taken_.clear();
  take_upward(image);
}

void removal_simulation::take_upward(std::uint32_t image) {
  for (auto one = image; one != none && !images_[one].gone && may_go(one); one = layers_.images_[one].parent) take(one);
}

void removal_simulation::put_back_upward(std::uint32_t image) {
  for (auto one = image; one != none && images_[one].gone && !may_go(one); one = layers_.images_[one].parent) {
    put_back(one);
  }
}

void removal_simulation::take(std::uint32_t image) {
  auto& one = images_[image];
  one.gone = true;
  if (one.chosen) ++chosen_and_gone_;
  taken_.push_back(image);
  if (const auto parent = layers_.images_[image].parent; parent != none) --images_[parent].staying_children;
  count_image(image, 1);
}

void removal_simulation::put_back(std::uint32_t image) {
  auto& one = images_[image];
  one.gone = false;
  if (one.chosen) --chosen_and_gone_;
  if (const auto parent = layers_.images_[image].parent; parent != none) ++images_[parent].staying_children;
  count_image(image, -1);
}

void removal_simulation::count_image(std::uint32_t image, int sign) {
  const auto& one = layers_.images_[image];
  sum_ += times(sign, one.unknown);
  if (!one.known) unknown_gone_ += static_cast<std::uint32_t>(sign);
  if (one.listed_bytes) {
    listed_bytes_ += sign * *one.listed_bytes;
  } else {
    without_listed_bytes_ += sign;
  }
  const auto change = static_cast<std::uint32_t>(-sign);  // wraps, as unsigned numbers do
  for (const auto layer : layers_.layers_of(image)) {
    // Nobody holds it any more, or this image is the first to hold it again.
    const auto before = holders_[layer];
    holders_[layer] = before + change;
    if ((sign > 0 ? holders_[layer] : before) == 0) count_layer(layer, sign);
  }
  if (layers_.store_ != image_store::containerd) return;
  sum_.at_most += sign * one.blob_bytes;
  for (const auto diff : layers_.diffs_of(image)) {
    const auto before = diff_holders_[diff];
    diff_holders_[diff] = before + change;
    if ((sign > 0 ? diff_holders_[diff] : before) == 0) count_diff(diff, sign);
  }
}

void removal_simulation::count_layer(std::uint32_t layer, int sign) {
  const auto& one = layers_.layers_[layer];
  if (one.segment == none) {
    sum_ += times(sign, one.size);
    return;
  }
  sum_ += times(-1, of_segment(one.segment));
  segments_[one.segment].freed_layers += static_cast<std::uint32_t>(sign);
  segments_[one.segment].loose += times(sign, one.size);
  sum_ += of_segment(one.segment);
}

byte_range removal_simulation::of_segment(std::uint32_t segment) const {
  const auto& whole = layers_.segments_[segment];
  const auto& part = segments_[segment];
  if (part.freed_layers == whole.layers) return whole.sum;
  return {part.loose.at_least, std::min(part.loose.at_most, whole.sum.at_most)};
}

void removal_simulation::count_diff(std::uint32_t diff, int sign) {
  const auto owner = layers_.diff_owner_[diff];
  if (owner == none) return;
  auto& lost = images_[owner].lost_diffs;
  const auto all = layers_.images_[owner].owned_diffs;
  const bool counted = lost == all;
  lost += static_cast<std::uint32_t>(sign);
  if (counted != (lost == all)) sum_.at_least += sign * layers_.images_[owner].blob_bytes;
}

bool removal_simulation::frees_something(std::uint32_t image) const {
  if (!images_[image].gone) return false;
  if (layers_.images_[image].unknown.at_most > 0) return true;
  for (const auto layer : layers_.layers_of(image)) {
    if (holders_[layer] != 0) continue;
    const auto& one = layers_.layers_[layer];
    const auto segment_bytes = one.segment == none ? 0 : layers_.segments_[one.segment].sum.at_most;
    if (one.size.at_most > 0 || segment_bytes > 0) return true;
  }
  if (layers_.store_ != image_store::containerd || layers_.images_[image].blob_bytes == 0) return false;
  const auto diffs = layers_.diffs_of(image);
  return std::any_of(diffs.begin(), diffs.end(), [this](auto diff) { return diff_holders_[diff] == 0; });
}

// As layer_accounting::bounded() has it.
byte_range removal_simulation::freed() const {
  auto freed = sum_;
  if (without_listed_bytes_ == 0) freed.at_most = std::min(freed.at_most, listed_bytes_);
  if (unknown_gone_ < layers_.unknown_images_ || !layers_.held_by_others_) freed.at_least = 0;
  freed.at_least = std::max<byte_count>(0, freed.at_least - layers_.held_by_others_.value_or(0));
  freed.at_least = std::min(freed.at_least, freed.at_most);
  return freed;
}

}  // namespace docksweep::core
