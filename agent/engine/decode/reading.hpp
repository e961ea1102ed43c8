// One answer read as it arrives: what the streaming decoders have in common.
#pragma once

#include <string_view>

#include "core/failure.hpp"
#include "engine/decode/walker.hpp"

namespace docksweep::engine {

// Feeds a visitor; after the first failure the rest is ignored, and finish() tells it. `root` must outlive it.
template <typename Visitor>
class reading {
 public:
  explicit reading(const shape& root) : through_(root, found) {}

  void feed(std::string_view piece) {
    if (state_) state_ = through_.feed(piece);
  }
  // No more will come. Fails (malformed) on what is no JSON, and on a value that is not complete.
  core::result<void> finish() {
    if (state_) state_ = through_.finish();
    return state_;
  }

  Visitor found;

 private:
  walker through_;
  core::result<void> state_;
};

}  // namespace docksweep::engine
