// The state of each image on a node: who holds it, and what it is to others.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"

namespace docksweep::core {

// Exclusive, first that applies; the values are in order of strength.
enum class image_state { in_use, unused, dangling, intermediate };
inline constexpr std::array all_image_states{image_state::in_use, image_state::unused, image_state::dangling,
                                             image_state::intermediate};
std::string_view to_string(image_state state);

// The state of each image, in the order given.
//  in_use: ImageID of any container (stopped and created ones too), or mounted into one (API 1.48): held_images.
//  intermediate: no tag and no digest, and the parent of another image: goes with its last child.
//  dangling: no tag and no digest (what the engine lists with dangling=true, digest-only images excepted: on
//  graphdriver
//    the engine counts those as dangling, and its own prune would delete them).
//  unused: everything else, digest-only images included.
std::vector<image_state> image_states(std::span<const image> images, std::span<const container> containers);

}  // namespace docksweep::core
