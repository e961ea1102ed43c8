// Whether a tar stream is whole. An engine that fails in the middle of a save has sent its 200 already: it writes
// {"errorDetail":…} where the rest of the tar should be, and ends the stream well (moby api/server/router/image).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace docksweep::engine {

class tar_end {
 public:
  void feed(std::string_view piece);
  // Fails unless the stream was made of whole blocks and ended with two blocks of zeros; with the engine's words, where
  // it left some.
  core::result<void> finish() const;
  std::size_t bytes() const { return bytes_; }

 private:
  std::string last_;  // of all that was fed
  std::size_t bytes_ = 0;
};

}  // namespace docksweep::engine
