// The names that mean an image where all that is known is what somebody asked for: an image mount, or a container of an
// engine that gives no ImageID.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/pattern.hpp"

namespace docksweep::core {

// Every spelling under which a listing may show the image that `asked` means: as it is, familiar and canonical (Docker
// lists "alpine:3.19", Podman "docker.io/library/alpine:3.19"), and with ":latest" where there is neither tag nor
// digest. Nothing for an empty name. Spellings may repeat.
inline std::vector<std::string> held_names(const std::string& asked) {
  if (asked.empty()) return {};
  std::vector<std::string> names;
  for (auto& name : std::array{asked, familiar_reference(asked), canonical_reference(asked)}) {
    const auto last_slash = name.rfind('/');
    // A colon before the last slash belongs to a registry's port.
    const bool whole = name.find(':', last_slash == std::string::npos ? 0 : last_slash) != std::string::npos;
    if (!whole) names.push_back(name + ":latest");
    names.push_back(name);
  }
  return names;
}

}  // namespace docksweep::core
