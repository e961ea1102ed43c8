// GET /containers/json → core::container.
#pragma once

#include <memory>
#include <string_view>

#include "core/failure.hpp"
#include "core/inventory.hpp"

namespace docksweep::engine {

// Reads a listing as it arrives. An entry without a readable ID is counted, not fatal.
class container_list_decoder {
 public:
  container_list_decoder();
  ~container_list_decoder();
  // After the first failure the rest is ignored; finish() tells.
  void feed(std::string_view piece);
  core::result<core::listing<core::container>> finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

core::result<core::listing<core::container>> decode_containers(std::string_view text);

}  // namespace docksweep::engine
