// What several decoders share: identifiers, times and the engine's ways of saying "none".
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::engine {

// An image ID as Docker spells it: "sha256:" is put before the bare hex digits that Podman uses in places. Empty when
// it is no ID at all (a name, a "<missing>").
std::string image_id_from(std::string_view text);
// Letters, digits, '_', '.', '-': what a container ID may consist of.
bool is_container_id(std::string_view text);

// Sizes and counts: -1 means "not computed".
std::optional<core::byte_count> size_from(std::int64_t value);
// Seconds since 1970; a negative time (Go's zero time is the year 1) means "never". 0 is a real time: reproducible
// builds.
std::optional<core::instant> time_from(std::int64_t unix_seconds);
// RFC 3339, "2026-11-23T17:10:57.108345723Z" or with an offset; whole seconds, because that is what listings give.
std::optional<core::instant> time_from(std::string_view rfc3339);

// Adds a name of an image where it belongs: "repository:tag" to the tags, "repository@sha256:…" to the digests (the
// containerd store lists those as tags), "<none>…" nowhere.
void add_image_name(std::vector<std::string>& tags, std::vector<std::string>& digests, std::string_view name);

// Labels are sorted by key.
void sort_labels(core::label_list& labels);

// Moves what was collected into a list of exactly that size and leaves the collection empty, with its room: one
// allocation where growing costs several, and none of it wasted in the inventory.
template <typename Item>
std::vector<Item> take_all(std::vector<Item>& collected) {
  std::vector<Item> taken(std::make_move_iterator(collected.begin()), std::make_move_iterator(collected.end()));
  collected.clear();
  return taken;
}

}  // namespace docksweep::engine
