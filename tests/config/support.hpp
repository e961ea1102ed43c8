// What the tests of this folder share: an environment without a machine behind it.
#pragma once

#include <string>
#include <string_view>

#include "config/load.hpp"

namespace docksweep::config {

// Host name node-7, NAME=value, EMPTY= and what a pod is told of its node set, every file readable but those under
// /missing.
inline environment test_environment() {
  return {.variables = {{"NAME", "value"}, {"EMPTY", ""}, {"NODE_NAME", "node-7"}, {"HOST_IP", "192.0.2.7"}},
          .hostname = "node-7",
          .why_unreadable = [](const std::string& path) -> std::optional<std::string> {
            if (path.starts_with("/missing")) return "No such file or directory";
            return std::nullopt;
          }};
}

inline std::string in_lines(const faults& all) {
  std::string out;
  for (const auto& one : all) out += to_string(one) + "\n";
  return out;
}

// The faults of a text, one per line; empty: it loads.
inline std::string faults_of(std::string_view text, const environment& env = test_environment()) {
  const auto loaded = load_text(text, "c.toml", env);
  return loaded ? std::string() : in_lines(loaded.error());
}

// A policy that is sound, for tests about something else.
inline constexpr std::string_view sound_policy = R"([[policy]]
name = "sound"
remove = { images = "dangling" }
)";

}  // namespace docksweep::config
