// An image with all that comes along when it is pulled, saved or loaded: what a fake registry holds, and its form as a
// stream of bytes, which stands for the tar of `docker save`.
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::test {

struct whole_image {
  core::image image;  // parents stay behind; names only where it was saved by name
  core::image_details details;
  std::vector<core::byte_count> layer_sizes;  // one for each of details.chain_ids
};

// As many bytes as its layers have, after a head that says what it is.
inline std::string packed(const whole_image& whole) {
  std::ostringstream out;
  const auto list = [&](const char* word, const auto& items) {
    out << word << ' ' << items.size();
    for (const auto& item : items) out << ' ' << item;
    out << '\n';
  };
  const auto& details = whole.details;
  out << "fake-image " << whole.image.id << '\n';
  out << "size " << whole.image.size.value_or(-1) << '\n';
  out << "platform " << (details.platform.empty() ? "-" : details.platform) << '\n';
  list("tags", whole.image.tags);
  list("diffs", details.diff_ids);
  list("chains", details.chain_ids);
  list("sizes", whole.layer_sizes);
  list("history", details.history_sizes);
  out << "end\n";
  for (const auto bytes : whole.layer_sizes) {
    for (core::byte_count at = 0; at < bytes; ++at) out << static_cast<char>('a' + at % 26);
  }
  return out.str();
}

// std::nullopt: not such a stream, or not all of it.
inline std::optional<whole_image> unpacked(const std::string& text) {
  std::istringstream in(text);
  std::string word;
  whole_image whole;
  const auto expect = [&](std::string_view wanted) { return (in >> word) && word == wanted; };
  const auto list = [&](std::string_view wanted, auto& items) {
    std::size_t count = 0;
    if (!expect(wanted) || !(in >> count) || count > 1000) return false;
    items.resize(count);
    for (auto& item : items) in >> item;
    return static_cast<bool>(in);
  };
  core::byte_count size = 0;
  auto& details = whole.details;
  if (!expect("fake-image") || !(in >> whole.image.id) || !expect("size") || !(in >> size)) return std::nullopt;
  if (!expect("platform") || !(in >> details.platform)) return std::nullopt;
  if (size >= 0) whole.image.size = size;
  if (details.platform == "-") details.platform.clear();
  if (!list("tags", whole.image.tags) || !list("diffs", details.diff_ids) || !list("chains", details.chain_ids) ||
      !list("sizes", whole.layer_sizes) || !list("history", details.history_sizes) || !expect("end")) {
    return std::nullopt;
  }
  details.id = whole.image.id;
  details.has_history = !details.history_sizes.empty();
  if (packed(whole) != text) return std::nullopt;
  return whole;
}

}  // namespace docksweep::test
