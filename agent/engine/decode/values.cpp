// Identifiers, times and names, as engines spell them.
#include "engine/decode/values.hpp"


#include <algorithm>
#include <cctype>

#include "core/rfc3339.hpp"

namespace docksweep::engine {
namespace {

constexpr std::size_t sha256_hex_digits = 64;

bool is_hex(std::string_view text) {
  unsigned odd = 0;  // no early end: every listing has thousands of digits, and nearly all of them are fine
  for (const char c : text) odd |= static_cast<unsigned>((c < '0' || c > '9') && (c < 'a' || c > 'f'));
  return !text.empty() && odd == 0;
}

}  // namespace

std::string image_id_from(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    if (text.size() == sha256_hex_digits && is_hex(text)) return std::string("sha256:").append(text);
    return {};
  }
  const auto algorithm = text.substr(0, colon);
  const bool known_form = algorithm.starts_with("sha") && is_hex(text.substr(colon + 1));
  return known_form ? std::string(text) : std::string();
}

bool is_container_id(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  });
}

std::optional<core::byte_count> size_from(std::int64_t value) {
  if (value < 0) return std::nullopt;
  return value;
}

std::optional<core::instant> time_from(std::int64_t unix_seconds) {
  constexpr std::int64_t year_9999 = 253402300799;  // beyond it the clock's nanoseconds would overflow
  constexpr std::int64_t last = 9223372036;
  if (unix_seconds < 0 || unix_seconds > std::min(last, year_9999)) return std::nullopt;
  return core::instant(std::chrono::seconds(unix_seconds));
}

std::optional<core::instant> time_from(std::string_view rfc3339) {
  const auto time = core::parse_rfc3339(rfc3339);
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(*time);
}

void add_image_name(std::vector<std::string>& tags, std::vector<std::string>& digests, std::string_view name) {
  if (name.empty() || name.starts_with("<none>") || name.ends_with(":<none>") || name.ends_with("@<none>")) return;
  auto& names = name.find('@') != std::string_view::npos ? digests : tags;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

void sort_labels(core::label_list& labels) {
  if (!std::is_sorted(labels.begin(), labels.end())) std::sort(labels.begin(), labels.end());
}

}  // namespace docksweep::engine
