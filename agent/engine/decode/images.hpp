// GET /images/json and GET /images/{name}/json → core::image.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/failure.hpp"
#include "core/inventory.hpp"

namespace docksweep::engine {

// Reads a listing as it arrives. An entry without a readable ID is counted, not fatal.
class image_list_decoder {
 public:
  // `expected`: about so many images will come (as many as last time); room for them is made at once.
  explicit image_list_decoder(std::size_t expected = 0);
  ~image_list_decoder();
  // After the first failure the rest is ignored; finish() tells.
  void feed(std::string_view piece);
  core::result<core::listing<core::image>> finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

core::result<core::listing<core::image>> decode_images(std::string_view text);

// What an inspect says of an image; `details` lacks history and chain IDs.
struct inspected_image {
  core::image image;            // size is inspect's: on the containerd store not what a listing says
  core::image_details details;  // id, diff_ids, content_size, platform
};
// Fails (malformed) without a readable ID.
core::result<inspected_image> decode_image_inspect(std::string_view text);

struct image_history {
  std::vector<core::byte_count> sizes;  // oldest first, zero and unknown sizes left out
  bool any = false;                     // false: the engine has no history at all
};
// GET /images/{id}/history; the engine answers newest first.
core::result<image_history> decode_image_history(std::string_view text);

}  // namespace docksweep::engine
