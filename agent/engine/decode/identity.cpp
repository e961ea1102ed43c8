// Version, info and error messages.
#include "engine/decode/identity.hpp"

#include <algorithm>
#include <array>

#include "engine/decode/walker.hpp"

namespace docksweep::engine {
namespace {

enum field {
  whole,
  version,
  api_version,
  min_api_version,
  id,
  name,
  driver,
  root_dir,
  driver_status,
  pair,
  pair_text,
  message
};

constexpr std::array version_shape{shape{"Version", version, {}}, shape{"ApiVersion", api_version, {}},
                                   shape{"MinAPIVersion", min_api_version, {}}};
constexpr shape version_root{"", whole, version_shape};

class version_visitor final : public visitor {
 public:
  engine_version found;
  void text(int what, std::string_view, std::string_view value) override {
    if (what == version) found.version = value;
    if (what == api_version) found.api_version = value;
    if (what == min_api_version) found.min_api_version = value;
  }
  void number(int, std::int64_t) override {}
};

constexpr std::array pair_text_shape{shape{element, pair_text, {}}};
constexpr std::array pair_shape{shape{element, pair, pair_text_shape}};
constexpr std::array info_shape{shape{"ID", id, {}}, shape{"Name", name, {}}, shape{"Driver", driver, {}},
                                shape{"DockerRootDir", root_dir, {}}, shape{"DriverStatus", driver_status, pair_shape}};
constexpr shape info_root{"", whole, info_shape};

class info_visitor final : public visitor {
 public:
  engine_info found;
  void begin_array(int what) override {
    if (what == pair) is_driver_type_ = false;
  }
  void text(int what, std::string_view, std::string_view value) override {
    switch (what) {
      case id:
        found.id = value;
        break;
      case name:
        found.host_name = value;
        break;
      case driver:
        found.storage_driver = value;
        break;
      case root_dir:
        found.root_dir = value;
        break;
      case pair_text:
        if (is_driver_type_ && value.starts_with("io.containerd.snapshotter."))
          found.store = core::image_store::containerd;
        is_driver_type_ = value == "driver-type";
        break;
      default:
        break;
    }
  }
  void number(int, std::int64_t) override {}

 private:
  bool is_driver_type_ = false;
};

constexpr std::array message_shape{shape{"message", message, {}}};
constexpr shape message_root{"", whole, message_shape};

class message_visitor final : public visitor {
 public:
  std::string found;
  void text(int what, std::string_view, std::string_view value) override {
    if (what == message) found = value;
  }
  void number(int, std::int64_t) override {}
};

}  // namespace

core::result<engine_version> decode_version(std::string_view text) {
  version_visitor visit;
  const auto walked = walk(version_root, visit, text);
  if (!walked) return std::unexpected(walked.error());
  if (visit.found.version.empty()) return core::fail(core::failure_code::malformed, "the answer names no version");
  return std::move(visit.found);
}

core::result<engine_info> decode_info(std::string_view text) {
  info_visitor visit;
  const auto walked = walk(info_root, visit, text);
  if (!walked) return std::unexpected(walked.error());
  if (visit.found.storage_driver.empty()) {
    return core::fail(core::failure_code::malformed, "the answer names no storage driver");
  }
  return std::move(visit.found);
}

std::string engine_words(std::string_view body) {
  constexpr std::size_t longest = 500;
  message_visitor visit;
  std::string words;
  if (walk(message_root, visit, body)) words = std::move(visit.found);
  if (words.empty()) words = body;
  std::replace_if(words.begin(), words.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  while (!words.empty() && words.back() == ' ') words.pop_back();
  if (words.size() > longest) words.resize(longest);
  return words;
}

}  // namespace docksweep::engine
