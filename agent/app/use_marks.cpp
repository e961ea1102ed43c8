#include "app/use_marks.hpp"

#include <algorithm>
#include <utility>

#include "core/held_names.hpp"

namespace docksweep::app {
namespace {

using core::image_origin;

bool contains(const std::vector<std::string>& list, const std::string& what) {
  return std::ranges::find(list, what) != list.end();
}

void add_once(std::vector<std::string>& list, const std::string& what) {
  if (!contains(list, what)) list.push_back(what);
}

const core::image* find_image(const core::view& node, const std::string& id) {
  const auto& images = node.what().images;
  const auto found = std::ranges::lower_bound(images, id, {}, &core::image::id);
  return found != images.end() && found->id == id ? &*found : nullptr;
}

std::string image_of_container(const core::view& node, const std::string& id) {
  const auto& all = node.what().containers;
  const auto found = std::ranges::lower_bound(all, id, {}, &core::container::id);
  return found != all.end() && found->id == id ? found->image_id : std::string();
}

// Every spelling under which a view may show what this name means. "name:tag@digest" is known by its digest.
std::vector<std::string> spellings(const std::string& name) {
  auto all = core::held_names(name);
  const auto digest = name.find('@');
  if (digest == std::string::npos) return all;
  const auto colon = name.rfind(':', digest);
  const auto slash = name.rfind('/', digest);
  if (colon == std::string::npos || (slash != std::string::npos && colon < slash)) return all;
  for (auto& more : core::held_names(name.substr(0, colon) + name.substr(digest))) all.push_back(std::move(more));
  return all;
}

// The hex digits of what may be the beginning of an image ID ("docker run 3f57d9401f8d"); empty: it is none.
std::string_view id_beginning(std::string_view name) {
  constexpr std::string_view prefix = "sha256:";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const bool hex = std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex && name.size() <= 64 ? name : std::string_view();
}

bool begins_with(const std::string& id, std::string_view digits) {
  const std::string_view text(id);
  return text.substr(std::min(text.size(), text.find(':') + 1)).starts_with(digits);
}

// Who holds `name` in this view: by reference, else by the beginning of its ID (several, where that is ambiguous).
std::vector<std::string> holders_of(const core::view& node, const std::string& name) {
  const auto names = spellings(name);
  std::vector<std::string> found;
  for (const core::image& one : node.what().images) {
    const auto is_meant = [&](const std::string& held) { return contains(names, held); };
    if (std::ranges::any_of(one.tags, is_meant) || std::ranges::any_of(one.digests, is_meant)) found.push_back(one.id);
  }
  const auto digits = id_beginning(name);
  if (!found.empty() || digits.empty()) return found;
  for (const core::image& one : node.what().images) {
    if (begins_with(one.id, digits)) found.push_back(one.id);
  }
  return found;
}

}  // namespace

use_marks::mark& use_marks::entry(marks& where, const std::string& key, const event_use& told, core::instant at,
                                  boot_moment boot) {
  mark& one = where[key];
  one.at = std::max(one.at, at);
  one.boot = boot;
  one.wanted = one.wanted || told.wanted;
  // What was already put down is told again only where somebody wants it anew.
  if (told.wanted) one.applied.clear();
  if (told.origin != image_origin::unknown) one.origin = told.origin;
  return one;
}

void use_marks::add(const event_use& told, core::instant at, boot_moment boot, const core::view* node) {
  if (size() >= options_.at_most) {
    overflowed_ = true;
    overflowed_at_ = std::max(overflowed_at_, at);
    return;
  }
  if (!told.image.empty()) entry(ids_, told.image, told, at, boot);
  if (!told.name.empty()) {
    // With both, the name is the image's from now on.
    if (told.image.empty()) {
      add_name(told, at, boot, node);
    } else {
      moved_away(told.name);
    }
  }
  if (told.container.empty() || node == nullptr) return;
  event_use of_container;
  of_container.wanted = told.wanted;
  const std::string made_of = image_of_container(*node, told.container);
  if (!made_of.empty()) entry(ids_, made_of, of_container, at, boot);
}

void use_marks::add_name(const event_use& told, core::instant at, boot_moment boot, const core::view* node) {
  mark& one = entry(names_, told.name, told, at, boot);
  if (!told.fetched && told.origin == image_origin::unknown) return;
  one.undecided = true;
  one.pulled_at = boot;
  one.before.clear();
  if (node != nullptr) one.before = holders_of(*node, told.name);
}

// Another image took the name: who held it because of a pull cannot be told any more.
void use_marks::moved_away(const std::string& name) {
  const std::string whole = core::canonical_reference(name);
  for (auto& [key, one] : names_) {
    if (core::canonical_reference(key) != whole) continue;
    one.undecided = false;
    one.origin = image_origin::unknown;
  }
}

use_marks::holders_of_marks use_marks::holders(const core::view& node) const {
  std::unordered_multimap<std::string, const mark*> wanted;
  for (const auto& [name, one] : names_) {
    auto names = spellings(name);
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    for (auto& spelled : names) wanted.emplace(std::move(spelled), &one);
  }
  holders_of_marks found;
  const auto look_up = [&](const core::image& image, const std::string& held) {
    const auto [first, last] = wanted.equal_range(held);
    for (auto at = first; at != last; ++at) add_once(found[at->second], image.id);
  };
  for (const core::image& image : node.what().images) {
    for (const auto& tag : image.tags) look_up(image, tag);
    for (const auto& digest : image.digests) look_up(image, digest);
  }
  for (const auto& [name, one] : names_) {
    if (found.contains(&one) || id_beginning(name).empty()) continue;
    if (auto by_id = holders_of(node, name); !by_id.empty()) found[&one] = std::move(by_id);
  }
  return found;
}

void use_marks::put_down(mark& one, const std::string& id, core::use_book& book, std::vector<std::string>& wanted) {
  if (contains(one.applied, id)) return;
  one.applied.push_back(id);
  book.use(id, one.at);
  if (one.wanted && !one.undecided) add_once(wanted, id);
}

// The view may be older than the pull: an image that held the name before may be about to lose it. So a new holder is
// what was pulled, at once, and the old one only when it has kept the name. An image of which another event told
// another origin meanwhile keeps that (a load moves tags without saying so).
void use_marks::decide(mark& one, const std::vector<std::string>& now, core::use_book& book,
                       std::vector<std::string>& wanted, boot_moment boot) {
  if (!one.undecided || now.empty()) return;
  const auto is_new = [&](const std::string& id) { return !contains(one.before, id); };
  const bool moved = std::ranges::any_of(now, is_new);
  if (!moved && boot - one.pulled_at < options_.settles) return;
  for (const std::string& id : now) {
    if (moved && !is_new(id)) continue;
    const auto told = ids_.find(id);
    if (told != ids_.end() && told->second.origin != image_origin::unknown) continue;
    book.use(id, one.at, one.origin);
    if (one.wanted) add_once(wanted, id);
  }
  one.undecided = false;
  one.origin = image_origin::unknown;
}

std::vector<std::string> use_marks::apply(const core::view& node, core::use_book& book, boot_moment boot) {
  std::vector<std::string> wanted;
  if (overflowed_) {
    for (const core::image& one : node.what().images) book.use(one.id, overflowed_at_);
    overflowed_ = false;
  }
  if (size() == 0) return wanted;
  if (!names_.empty()) {
    const auto found = holders(node);
    for (auto& [name, one] : names_) {
      const auto held = found.find(&one);
      if (held == found.end()) continue;
      for (const std::string& id : held->second) put_down(one, id, book, wanted);
      decide(one, held->second, book, wanted, boot);
    }
  }
  for (auto& [id, one] : ids_) {
    if (find_image(node, id) == nullptr) continue;
    put_down(one, id, book, wanted);
    book.use(id, one.at, one.origin);
  }
  expire(boot);
  return wanted;
}

bool use_marks::holds(const mark& one, boot_moment boot) const {
  const auto age = boot - one.boot;
  return age < (one.applied.empty() ? options_.waits : options_.holds);
}

bool use_marks::expire(boot_moment boot) {
  std::erase_if(ids_, [&](const auto& entry) { return !holds(entry.second, boot); });
  bool settled = false;
  std::erase_if(names_, [&](const auto& entry) {
    const mark& one = entry.second;
    const bool waiting = one.undecided && !one.applied.empty();
    const auto age = boot - one.pulled_at;
    if (waiting && age >= options_.settles) settled = true;
    return !holds(one, boot) && (!waiting || age >= options_.settles + options_.holds);
  });
  return settled;
}

void use_marks::clock_jumped(core::duration by) {
  for (auto* const all : {&names_, &ids_}) {
    for (auto& [key, one] : *all) one.at += by;
  }
  overflowed_at_ += by;
}

void use_marks::clear() {
  names_.clear();
  ids_.clear();
  overflowed_ = false;
}

}  // namespace docksweep::app
