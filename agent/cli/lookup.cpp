#include "cli/lookup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/held_names.hpp"
#include "report/human.hpp"

namespace docksweep::cli {
namespace {

constexpr std::string_view id_prefix = "sha256:";

std::string_view hex_of(std::string_view id) {
  return id.starts_with(id_prefix) ? id.substr(id_prefix.size()) : id;
}

// Hex digits as an ID's start; empty: this is no ID.
std::string_view id_start(std::string_view name) {
  const auto hex = hex_of(name);
  const bool all_hex =
      std::ranges::all_of(hex, [](char one) { return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'f'); });
  return all_hex && hex.size() >= 2 ? hex : std::string_view();
}

template <typename Item>
std::vector<std::size_t> starting_with(const std::vector<Item>& items, std::string_view start) {
  std::vector<std::size_t> found;
  if (start.empty()) return found;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (hex_of(items[i].id).starts_with(start)) found.push_back(i);
  }
  return found;
}

core::failure ambiguous(std::string_view name, std::string_view kind, const std::vector<std::string>& choices) {
  constexpr std::size_t shown = 5;
  std::string list;
  for (std::size_t i = 0; i < std::min(choices.size(), shown); ++i) list += (i == 0 ? "" : ", ") + choices[i];
  if (choices.size() > shown) list += ", …";
  return {core::failure_code::conflict, fmt::format("'{}' is the start of {} {}: {}", name, choices.size(), kind, list),
          0};
}

std::string described(const core::image& image) {
  const auto id = report::short_id(image.id);
  return image.tags.empty() ? id : fmt::format("{} ({})", id, image.tags.front());
}

}  // namespace

core::result<found_image> find_image(const core::view& node, std::string_view name) {
  const auto& images = node.what().images;
  const auto spellings = core::held_names(std::string(name));
  const auto means = [&](const std::string& one) { return std::ranges::find(spellings, one) != spellings.end(); };
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto tag = std::ranges::find_if(images[i].tags, means);
    if (tag != images[i].tags.end()) return found_image{i, *tag};
    if (std::ranges::any_of(images[i].digests, means)) return found_image{i, {}};
  }
  const auto found = starting_with(images, id_start(name));
  if (found.size() == 1) return found_image{found.front(), {}};
  if (found.empty()) {
    return core::fail(core::failure_code::not_found,
                      fmt::format("no image here is called '{}' ('docksweep images --all' lists them)", name));
  }
  std::vector<std::string> choices;
  for (const auto i : found) choices.push_back(described(images[i]));
  return std::unexpected(ambiguous(name, "images", choices));
}

core::result<std::size_t> find_container(const core::view& node, std::string_view name) {
  const auto& containers = node.what().containers;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    if (std::ranges::find(containers[i].names, name) != containers[i].names.end()) return i;
  }
  const auto found = starting_with(containers, name.starts_with(id_prefix) ? std::string_view() : id_start(name));
  if (found.size() == 1) return found.front();
  if (found.empty())
    return core::fail(core::failure_code::not_found, fmt::format("no container here is called '{}'", name));
  std::vector<std::string> choices;
  for (const auto i : found) {
    const auto& one = containers[i];
    choices.push_back(one.names.empty() ? report::short_id(one.id) : one.names.front());
  }
  return std::unexpected(ambiguous(name, "containers", choices));
}

}  // namespace docksweep::cli
