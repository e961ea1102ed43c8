// GET /system/df, in the shapes of all API versions → core::disk_usage.
#pragma once

#include <memory>
#include <string_view>

#include "core/failure.hpp"
#include "core/inventory.hpp"

namespace docksweep::engine {

// Reads the answer as it arrives. Understands LayersSize/Images/Containers/Volumes/BuildCache (all versions without
// `verbose`), and ImageUsage/ContainerUsage/VolumeUsage/BuildCacheUsage (API 1.52), where zeros and empty lists are
// left out; where both are there, the latter count.
class disk_usage_decoder {
 public:
  disk_usage_decoder();
  ~disk_usage_decoder();
  void feed(std::string_view piece);
  core::result<core::disk_usage> finish(core::instant made_at);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

core::result<core::disk_usage> decode_disk_usage(std::string_view text, core::instant made_at);

}  // namespace docksweep::engine
