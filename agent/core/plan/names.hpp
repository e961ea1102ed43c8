// Names of images: globs over every spelling, and which repository a name belongs to.
#pragma once

#include <string_view>
#include <vector>

#include "core/inventory.hpp"
#include "core/pattern.hpp"

namespace docksweep::core {

// The first glob that matches this name as it is, familiar or canonical; null: none.
const glob* first_match(const std::vector<glob>& globs, std::string_view reference);

// "registry:5000/app:1.2" → "registry:5000/app"; "app@sha256:…" → "app".
std::string_view repository_of(std::string_view reference);

// The names by which an image goes, one by one, in order: its tags, then the digests that still hold it when these are
// gone. With the last tag of a repository the engine drops that repository's digest itself. Empty: it goes by its ID.
std::vector<std::string> names_to_remove(const image& what);

// Its digests that some registry may know, in the order in which they are tried: those first whose repository one of its
// tags is in, and Docker Hub, whose names local ones look like, after others. On the containerd store its ID is the
// digest in each of its repositories, of which a listing shows one. Not Podman's "localhost/", which is no registry.
std::vector<std::string> digests_to_ask_for(const image& what, image_store store);

}  // namespace docksweep::core
