// The stream of JSON objects that pulls and loads answer with: {status, id, progressDetail, error, errorDetail,
// stream}.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/transfer.hpp"
#include "core/failure.hpp"

namespace docksweep::engine {

// Longer objects, and what is no JSON, fail the call: a stream that cannot be read may hide an error.
inline constexpr std::size_t progress_object_limit_bytes = 1 << 20;

// What an engine's words about a pull mean, whatever the status that they came with: not_found (no such tag, digest or
// repository, as far as this user is told), refused (no credential that fits), else `otherwise`.
core::failure_code pull_failure_code(std::string_view words, core::failure_code otherwise);

// POST /images/create.
class pull_decoder {
 public:
  explicit pull_decoder(app::progress_sink progress);
  ~pull_decoder();
  // Fails with the first error that the stream tells.
  core::result<void> feed(std::string_view piece);
  // The stream has ended: a success only if its last word was one. Podman's last object names the image that it has,
  // and no layer.
  core::result<app::pulled_image> finish(bool podman);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// POST /images/load: "Loaded image: NAME", "Loaded image ID: sha256:…"; Podman joins them with commas.
class load_decoder {
 public:
  load_decoder();
  ~load_decoder();
  core::result<void> feed(std::string_view piece);
  core::result<std::vector<std::string>> finish();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::engine
