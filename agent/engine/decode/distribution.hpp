// GET /distribution/{name}/json → the digest of a manifest in its registry.
#pragma once

#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::engine {

// Descriptor.digest. Fails (malformed) without one.
core::result<std::string> decode_distribution(std::string_view text);

}  // namespace docksweep::engine
