// A file that readers see either as it was or as it is now, never half written.
#pragma once

#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::cli {

// Replaces `path` (or creates it) through a temporary file beside it: written, synced, mode 0644, renamed, so that
// node_exporter's textfile collector never reads half of it. A symbolic link is followed, and stays one.
core::result<void> replace_file(const std::string& path, std::string_view text);

// Creates `path` with mode 0644; a file that is there already is a failure (`exists` is true then).
struct create_failure {
  bool exists = false;
  std::string message;
};
std::expected<void, create_failure> create_file(const std::string& path, std::string_view text);

}  // namespace docksweep::cli
