// From TOML to validated settings. All semantic faults are reported in one go; a TOML syntax error stops at the first.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"
#include "config/settings.hpp"

namespace docksweep::config {

inline constexpr std::string_view default_path = "/etc/docksweep/docksweep.toml";

struct fault {
  std::string file;  // or "environment variable NAME"
  int line = 0;      // from 1; 0: the file as a whole
  int column = 0;    // from 1, in characters
  std::string message;
  bool operator==(const fault&) const = default;
};
using faults = std::vector<fault>;  // by line and column

// "docksweep.toml:3:7: unknown key …"
std::string to_string(const fault& what);

// Where each key that is not at its default came from: path ("keep.min_age", "policy[0].when.schedule") → "FILE:LINE"
// or the name of an environment variable.
using origins = std::map<std::string, std::string>;

struct configuration {
  settings values;
  origins from;
  bool no_file = false;  // there is none at the default path: these are the defaults
};

// `file` is only a name for messages. DOCKSWEEP_MODE and DOCKSWEEP_KEEP_IMAGES_REGEX override (empty ones count as
// unset); {env:NAME} and {hostname} are replaced in strings.
std::expected<configuration, faults> load_text(std::string_view text, std::string_view file, const environment& env);

// A file that is not there is the defaults, unless it was asked for by name (`explicit_path`). A file that is there and
// cannot be read, or is over 1 MiB, is a fault.
std::expected<configuration, faults> load_file(const std::string& path, bool explicit_path, const environment& env);

}  // namespace docksweep::config
