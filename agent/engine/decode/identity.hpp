// GET /version and GET /info: who the engine is.
#pragma once

#include <string>
#include <string_view>

#include "core/failure.hpp"
#include "core/inventory.hpp"

namespace docksweep::engine {

struct engine_version {
  std::string version;          // "20.10.24+dfsg1"
  std::string api_version;      // newest that it speaks
  std::string min_api_version;  // oldest
};
core::result<engine_version> decode_version(std::string_view text);

struct engine_info {
  std::string id;  // of the installation; Podman makes up a new one for each answer
  std::string host_name;
  std::string storage_driver;
  std::string root_dir;
  core::image_store store = core::image_store::graphdriver;
};
// Fails (malformed) without a storage driver: that is no engine.
core::result<engine_info> decode_info(std::string_view text);

// The engine's own words in the body of an error: {"message":…}, Podman's {cause,message,response}, or plain text.
// One line, at most 500 bytes.
std::string engine_words(std::string_view body);

}  // namespace docksweep::engine
