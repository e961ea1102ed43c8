// What several decoders share: identifiers, times and the engine's ways of saying "none".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/inventory.hpp"

namespace docksweep::engine {

// An image ID as Docker spells it: "sha256:" is put before the bare hex digits that Podman uses in places. Empty when
// it is no ID at all (a name, a "<missing>").
std::string image_id_from(std::string_view text);
// Letters, digits, '_', '.', '-': what a container ID may consist of.
bool is_container_id(std::string_view text);

// Sizes and counts: -1 means "not computed".
std::optional<core::byte_count> size_from(std::int64_t value);
// Seconds since 1970; a negative time (Go's zero time is the year 1) means "never". 0 is a real time: reproducible builds.
std::optional<core::instant> time_from(std::int64_t unix_seconds);
// RFC 3339, "2026-11-23T17:10:57.108345723Z" or with an offset; whole seconds, because that is what listings give.
std::optional<core::instant> time_from(std::string_view rfc3339);

// Adds a name of an image where it belongs: "repository:tag" to the tags, "repository@sha256:…" to the digests (the
// containerd store lists those as tags), "<none>…" nowhere.
void add_image_name(core::image& to, std::string_view name);

// Labels are sorted by key.
void sort_labels(core::label_list& labels);

}  // namespace docksweep::engine
