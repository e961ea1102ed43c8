#include "report/image_holders.hpp"

namespace docksweep::report {

image_holders::image_holders(std::span<const core::container> containers) : held_(containers) {}

std::vector<std::uint32_t> image_holders::of(const core::image& image) const {
  return held_.holders(image);
}

}  // namespace docksweep::report
