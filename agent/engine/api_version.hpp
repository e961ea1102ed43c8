// Versions of the Docker Engine API, "1.41".
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace docksweep::engine {

struct api_version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const api_version&) const = default;
};

// The newest version whose answers these decoders were checked against (Docker 29.7).
inline constexpr api_version newest_known_api{1, 55};

// std::nullopt for anything but two decimal numbers with a dot between them.
std::optional<api_version> parse_api_version(std::string_view text);
std::string to_string(api_version version);

}  // namespace docksweep::engine
