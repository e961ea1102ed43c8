#include "engine/decode/distribution.hpp"

#include <array>

#include "engine/decode/walker.hpp"

namespace docksweep::engine {
namespace {

enum field { whole, descriptor, digest };
constexpr std::array descriptor_shape{shape{"digest", digest, {}}};
constexpr std::array whole_shape{shape{"Descriptor", descriptor, descriptor_shape}};
constexpr shape root{"", whole, whole_shape};

class distribution_visitor final : public visitor {
 public:
  std::string found;
  void text(int what, std::string_view, std::string_view value) override {
    if (what == digest) found = value;
  }
  void number(int, std::int64_t) override {}
};

}  // namespace

core::result<std::string> decode_distribution(std::string_view text) {
  distribution_visitor visit;
  const auto walked = walk(root, visit, text);
  if (!walked) return std::unexpected(walked.error());
  if (visit.found.empty()) return core::fail(core::failure_code::malformed, "the registry's answer names no digest");
  return std::move(visit.found);
}

}  // namespace docksweep::engine
