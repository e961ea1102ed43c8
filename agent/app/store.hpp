// The port to what survives a restart. store/ implements it with SQLite on a thread of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/engine.hpp"
#include "core/failure.hpp"
#include "core/inventory.hpp"

namespace docksweep::app {

class store {
 public:
  virtual ~store() = default;

  // Whether an engine was ever found on this node, by any earlier run with this state.
  virtual task<core::result<bool>> knows_an_engine() = 0;

  // Details of every image known for this engine ID. A store that cannot be read is a failure, an empty one is not.
  virtual task<core::result<std::vector<core::image_details>>> load_image_details(std::string engine_id) = 0;
  virtual task<core::result<void>> save_image_details(std::string engine_id,
                                                      std::vector<core::image_details> details) = 0;
  // Forgets details of images that are gone; ids are those that stay.
  virtual task<core::result<void>> keep_only_image_details(std::string engine_id, std::vector<std::string> ids) = 0;

  // The newest answer of /system/df, so that commands need not ask again. Volumes included. nullopt too when the engine
  // had other storage then (core::same_storage).
  virtual task<core::result<std::optional<core::disk_usage>>> load_disk_usage(core::engine_identity of) = 0;
  virtual task<core::result<void>> save_disk_usage(core::engine_identity of, core::disk_usage usage) = 0;

  // False while the store lives in memory only (no writable path): nothing survives a restart.
  virtual bool durable() const = 0;
};

}  // namespace docksweep::app
