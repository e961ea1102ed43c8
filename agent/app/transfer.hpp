// The port for images that come and go as a whole: pulls, what a registry still has, and images as tar streams.
// Beside app/engine.hpp (reads) and app/remover.hpp (changes). The engine does the pulling, never docksweep.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/engine.hpp"

namespace docksweep::app {

struct pull_request {
  std::string repository;  // canonical, with its registry: "docker.io/library/alpine", "host:5000/team/app"
  std::string version;     // a tag or a digest; never empty: without one an engine pulls ALL tags
  std::string platform;    // "linux/arm64/v8"; empty: the engine's own
};

// One line of an engine's progress (ENGINE facts §2, pull stream).
struct transfer_progress {
  std::string layer;                              // short ID; empty: it is about the whole
  std::string status;                             // the engine's words: "Downloading", "Pull complete", "Digest: sha256:…"
  std::optional<core::byte_count> current, total;  // of this layer and this status
};
using progress_sink = std::function<void(const transfer_progress&)>;  // must not wait

struct pulled_image {
  std::string digest;  // what the registry calls it, "sha256:…"; empty: the engine did not say (Podman)
  bool was_newer = false;  // something was downloaded; false: "Image is up to date"
};

// A tar stream in pieces. A consumer that fails ends the stream; a source says with an empty piece that it is at its
// end, and what it hands out lives until it is asked again.
using piece_consumer = std::function<task<core::result<void>>(std::string_view)>;
using piece_source = std::function<task<core::result<std::string_view>>()>;

class image_transfer {
 public:
  virtual ~image_transfer() = default;

  // POST /images/create, with the credential that is configured for this registry. Succeeds only when the engine says
  // that the pull has ended well: an error inside a stream that began with 200 is a failure, and so is a stream that
  // breaks off. not_found: the registry has no such tag or digest (or does not tell this user). Deadline: a silence of
  // options.transfer_silence; cancelling ends the engine's pull.
  virtual task<core::result<pulled_image>> pull_image(pull_request what, progress_sink progress) = 0;

  // GET /distribution/REPOSITORY@DIGEST/json: whether the registry has this digest. false: it said that it has not. Any
  // other answer, and none, is a failure. A repository without a registry is looked for on Docker Hub.
  virtual task<core::result<bool>> registry_has(std::string repository, std::string digest) = 0;
  // The same question about a tag: the digest that it means in the registry now; nullopt: it has no such tag.
  virtual task<core::result<std::optional<std::string>>> registry_digest(std::string repository, std::string tag) = 0;

  // GET /images/{id}/get: the image as `docker save` writes it, without its names when asked for by ID. Returns how many
  // bytes came; what does not end as a tar does is a failure. Deadline: a silence of options.transfer_silence.
  virtual task<core::result<core::byte_count>> save_image(std::string id, piece_consumer consume) = 0;
  // POST /images/load: what `docker load` reads. Returns the names and IDs that the engine says it loaded.
  virtual task<core::result<std::vector<std::string>>> load_images(piece_source source) = 0;
};

}  // namespace docksweep::app
