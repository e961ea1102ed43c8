// From what a person types to the image or container that is meant. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/failure.hpp"
#include "core/view.hpp"

namespace docksweep::cli {

struct found_image {
  std::size_t index = 0;  // into the view's images
  std::string tag;        // as the engine spells it, when a tag was named; empty: a digest or an ID was
};

// A tag or digest in any spelling (familiar, canonical, without ":latest"), an ID with or without "sha256:", or the
// start of one (at least two hex digits). Names come before IDs. Failures: not_found; conflict when the start of an ID
// means several images (the message names them).
core::result<found_image> find_image(const core::view& node, std::string_view name);

// The name of a container, its ID or the start of one; the same failures.
core::result<std::size_t> find_container(const core::view& node, std::string_view name);

}  // namespace docksweep::cli
