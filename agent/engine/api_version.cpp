// Reads and writes API versions.
#include "engine/api_version.hpp"

#include <charconv>

namespace docksweep::engine {
namespace {

std::optional<int> number_from(std::string_view text) {
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<api_version> parse_api_version(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = number_from(text.substr(0, dot));
  const auto minor = number_from(text.substr(dot + 1));
  if (!major || !minor) return std::nullopt;
  return api_version{*major, *minor};
}

std::string to_string(api_version version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

}  // namespace docksweep::engine
