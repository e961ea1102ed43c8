// Files that hold secrets: read whole, up to a bound.
#pragma once

#include <optional>
#include <string>

#include "core/failure.hpp"

namespace docksweep::net {

// The whole file; std::nullopt: it is not there, or in a folder that may not be entered (under systemd's ProtectHome= a
// home looks like that). Fails (invalid) for what is there and cannot be read or is no regular file (a pipe would have
// to be waited for), and (too_large).
core::result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t limit_bytes);

}  // namespace docksweep::net
