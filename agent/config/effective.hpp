// Every key with its value and where it came from: `check-config --effective`, and the hash that shows drift in a
// fleet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace docksweep::config {

struct effective_row {
  std::string section;               // the TOML header that it stands under: "", "[engine]", "[[policy]]", "[registry]"
  std::string key;                   // under that header, dotted: "when.schedule"
  std::string path;                  // from the top, for people and programs: "policy.nightly.when.schedule"
  std::optional<std::string> value;  // a literal that TOML and JSON read alike; nullopt: unset
  std::string source;                // "default", "FILE:LINE", "DOCKSWEEP_MODE"
  bool operator==(const effective_row&) const = default;
};

enum class secrets { hidden, shown };

// In the order of the commented default file. Of a policy only what is set or has a default is listed, and of its keep
// only what it sets itself.
std::vector<effective_row> effective_rows(const configuration& what, secrets how = secrets::hidden);

// Valid TOML, one key per line with its source in a comment, unset keys as comments. With secrets shown, loading it
// gives the same settings; hidden ones ("<hidden>") are refused by name.
std::string effective_text(const configuration& what, secrets how = secrets::hidden);

// SHA-256 in hex over keys and values (secrets included), whatever their sources and the file's layout.
std::string effective_hash(const configuration& what);

}  // namespace docksweep::config
