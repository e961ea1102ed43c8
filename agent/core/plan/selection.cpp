#include "core/plan/selection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/plan/names.hpp"

namespace docksweep::core {
namespace {

constexpr std::uint32_t none = 0xffffffff;

template <typename Item>
std::string quoted_list(const std::vector<Item>& items) {
  std::vector<std::string> texts;
  for (const auto& one : items) texts.push_back(fmt::format("\"{}\"", one.text()));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

// As the configuration has it, without what is not set.
std::string selection_text(const std::optional<image_selection>& of) {
  if (!of) return "remove.images is not set";
  std::vector<std::string> keys;
  if (of->unused_for) keys.push_back("unused_for = " + print_duration(*of->unused_for));
  if (!of->references.empty()) keys.push_back("references = " + quoted_list(of->references));
  if (!of->labels.empty()) keys.push_back("labels = " + quoted_list(of->labels));
  if (of->larger_than) keys.push_back("larger_than = " + print_bytes(*of->larger_than));
  const std::string which = of->only_dangling ? "dangling" : "unused";
  if (keys.empty()) return "remove.images = " + which;
  if (of->only_dangling) keys.insert(keys.begin(), "which = " + which);
  return fmt::format("remove.images: {}", fmt::join(keys, ", "));
}

}  // namespace

image_selector::image_selector(const view& node, const std::optional<image_selection>& selection,
                               std::span<const use_times> uses, rule_book& rules, instant now)
    : node_(node.what()), selection_(selection), uses_(uses), now_(now) {
  const image_selection given = selection.value_or(image_selection{});
  absent_rule_ = rules.number("remove.images is not set");
  dangling_rule_ = rules.number("remove.images = dangling");
  age_rule_ = rules.number("remove.images.unused_for = " + print_duration(given.unused_for.value_or(duration{})));
  references_rule_ = rules.number("remove.images.references = " + quoted_list(given.references));
  labels_rule_ = rules.number("remove.images.labels = " + quoted_list(given.labels));
  size_rule_ = rules.number("remove.images.larger_than = " + print_bytes(given.larger_than.value_or(0)));
  selecting_rule_ = rules.number(selection_text(selection));
}

std::optional<ruling> image_selector::refuses(std::size_t index, image_state state) const {
  if (!selection_) return because(absent_rule_);
  const auto& one = node_.images[index];
  if (selection_->only_dangling && state != image_state::dangling) return because(dangling_rule_);
  if (!selection_->references.empty() && !references_match(one)) return because(references_rule_);
  if (!selection_->labels.empty() &&
      std::ranges::none_of(selection_->labels, [&](const auto& rule) { return rule.matches(one.labels); })) {
    return because(labels_rule_);
  }
  if (selection_->larger_than && one.size.value_or(0) <= *selection_->larger_than) return because(size_rule_);
  // Last, so that its date is when the image really becomes a candidate.
  if (selection_->unused_for) {
    const auto over = uses_[index].used + *selection_->unused_for;
    if (over > now_) return ruling{.why = reason::not_selected, .rule = age_rule_, .until = over};
  }
  return std::nullopt;
}

// An image is judged whole: one name that nobody asked for holds it. One without tags is judged by its digests; one
// without any name is not selected by names.
bool image_selector::references_match(const image& one) const {
  const auto& names = one.tags.empty() ? one.digests : one.tags;
  return !names.empty() && std::ranges::all_of(names, [&](const auto& name) {
    return first_match(selection_->references, name) != nullptr;
  });
}

void put_in_order(std::vector<std::uint32_t>& candidates, image_order order, std::span<const use_times> uses,
                  removal_simulation& simulation) {
  struct ranked {
    std::int64_t first = 0, second = 0;
    std::uint32_t image = 0;
    auto operator<=>(const ranked&) const = default;
  };
  std::vector<ranked> ranks;
  ranks.reserve(candidates.size());
  for (const auto image : candidates) {
    ranked one{.image = image};
    if (order == image_order::largest) {
      simulation.add(image);
      const auto alone = simulation.freed();
      simulation.drop(image);
      one.first = -alone.at_least;
      one.second = -alone.at_most;
    } else {
      const auto& use = uses[image];
      one.first = (order == image_order::lru ? use.used : use.arrived).time_since_epoch().count();
    }
    ranks.push_back(one);
  }
  std::ranges::sort(ranks);
  for (std::size_t i = 0; i < ranks.size(); ++i) candidates[i] = ranks[i].image;
}

namespace {

// For each image its parent's index. Empty where no image has one.
std::vector<std::uint32_t> parents_of(const std::vector<image>& images) {
  if (std::ranges::all_of(images, [](const image& one) { return one.parent_id.empty(); })) return {};
  std::vector<std::uint32_t> parents(images.size(), none);
  for (std::uint32_t i = 0; i < images.size(); ++i) {
    if (images[i].parent_id.empty() || images[i].parent_id == images[i].id) continue;
    const auto found = std::ranges::lower_bound(images, images[i].parent_id, {}, &image::id);
    if (found == images.end() || found->id != images[i].parent_id) continue;
    parents[i] = static_cast<std::uint32_t>(found - images.begin());
  }
  return parents;
}

// Replaces each image's parent by the nearest ancestor in the order; walks every link once.
std::vector<std::uint32_t> nearest_in_order(const std::vector<std::uint32_t>& parents,
                                            const std::vector<bool>& is_in_order) {
  constexpr std::uint32_t unknown = none - 1;
  std::vector<std::uint32_t> nearest(parents.size(), unknown);
  std::vector<std::uint32_t> path;
  for (std::uint32_t i = 0; i < parents.size(); ++i) {
    path.clear();
    auto found = none;
    for (auto at = i; at != none; at = parents[at]) {
      if (nearest[at] != unknown) {
        found = nearest[at];
        break;
      }
      nearest[at] = none;  // an engine that answers with a cycle must not hold us
      path.push_back(at);
      const auto parent = parents[at];
      if (parent != none && is_in_order[parent]) {
        found = parent;
        break;
      }
    }
    for (const auto at : path) nearest[at] = found;
  }
  return nearest;
}

}  // namespace

std::vector<std::uint32_t> children_first(const std::vector<image>& images, std::span<const std::uint32_t> order) {
  const auto parents = parents_of(images);
  if (parents.empty()) return {order.begin(), order.end()};
  std::vector<bool> is_in_order(images.size(), false);
  for (const auto one : order) is_in_order[one] = true;
  const auto nearest = nearest_in_order(parents, is_in_order);

  std::vector<std::vector<std::uint32_t>> children(images.size());
  for (const auto one : order) {
    if (nearest[one] != none) children[nearest[one]].push_back(one);
  }
  std::vector<std::uint32_t> sorted;
  sorted.reserve(order.size());
  std::vector<std::uint32_t> next_child(images.size(), 0);
  std::vector<bool> entered(images.size(), false);
  std::vector<std::uint32_t> path;
  for (const auto one : order) {
    if (entered[one]) continue;
    entered[one] = true;
    path.assign(1, one);
    while (!path.empty()) {
      const auto at = path.back();
      if (next_child[at] == children[at].size()) {
        sorted.push_back(at);
        path.pop_back();
        continue;
      }
      const auto child = children[at][next_child[at]++];
      if (entered[child]) continue;
      entered[child] = true;
      path.push_back(child);
    }
  }
  return sorted;
}

}  // namespace docksweep::core
