// The names that mean an image where all that is known is what somebody asked for: an image mount, or a container of an
// engine that gives no ImageID.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern.hpp"

namespace docksweep::core {

inline constexpr std::string_view id_prefix = "sha256:";

// The digits of `asked` where it may be the beginning of an image ID, or a whole one: 4 to 64 hexadecimal digits, with
// or without "sha256:". Empty for anything else. (Engines take any beginning that only one image has. Below four digits
// one would hold every image of a node that happens to begin so; and a repository may be called "cafe": such a word is
// both.)
inline std::string_view id_beginning(std::string_view asked) {
  if (asked.starts_with(id_prefix)) asked.remove_prefix(id_prefix.size());
  if (asked.size() < 4 || asked.size() > 64) return {};
  const auto hexadecimal = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return std::ranges::all_of(asked, hexadecimal) ? asked : std::string_view{};
}

// Every spelling under which a listing may show the image that `asked` means: as it is, familiar and canonical (Docker
// lists "alpine:3.19", Podman "docker.io/library/alpine:3.19"), and with ":latest" where there is neither tag nor
// digest. A name with tag and digest means the digest, which is listed without the tag, and on the containerd store is
// the image's ID as well. Nothing for an empty name. Spellings may repeat.
inline std::vector<std::string> held_names(const std::string& asked) {
  if (asked.empty()) return {};
  const auto tag_of = [](std::string_view name) {  // where its tag begins; a colon before the last slash is a port's
    const auto last_slash = name.rfind('/');
    return name.find(':', last_slash == std::string_view::npos ? 0 : last_slash);
  };
  std::vector<std::string> names;
  std::string meant = asked;
  if (const auto at = asked.find('@'); at != std::string::npos) {
    names.push_back(asked.substr(at + 1));
    meant = asked.substr(0, std::min(tag_of(std::string_view(asked).substr(0, at)), at)) + asked.substr(at);
  }
  for (auto& name : std::array{asked, meant, familiar_reference(meant), canonical_reference(meant)}) {
    if (tag_of(name) == std::string::npos) names.push_back(name + ":latest");
    names.push_back(name);
  }
  return names;
}

}  // namespace docksweep::core
