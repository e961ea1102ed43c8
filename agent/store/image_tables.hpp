// What is known of images, and the newest disk usage, in the file. For the store's own thread; contracts are those of
// app::store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/inventory.hpp"
#include "store/state_file.hpp"

namespace docksweep::store {

class image_tables {
 public:
  explicit image_tables(state_file& file) : file_(file) {}  // outlives this

  core::result<bool> knows_an_engine();
  core::result<std::vector<core::image_details>> load_image_details(const std::string& engine);
  core::result<void> save_image_details(const std::string& engine, const std::vector<core::image_details>& details);
  core::result<void> keep_only_image_details(const std::string& engine, const std::vector<std::string>& ids);
  core::result<std::optional<core::disk_usage>> load_disk_usage(const core::engine_identity& of);
  core::result<void> save_disk_usage(const core::engine_identity& of, const core::disk_usage& usage);

 private:
  state_file& file_;
};

}  // namespace docksweep::store
