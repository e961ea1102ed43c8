#include "engine/decode/tar_end.hpp"

#include "engine/decode/progress.hpp"

namespace docksweep::engine {
namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t end_bytes = 2 * block_bytes;
constexpr std::size_t kept_bytes = 4096;  // the engine's words fit

}  // namespace

void tar_end::feed(std::string_view piece) {
  bytes_ += piece.size();
  if (piece.size() >= kept_bytes) {
    last_ = piece.substr(piece.size() - kept_bytes);
    return;
  }
  const auto all = last_.size() + piece.size();
  if (all > kept_bytes) last_.erase(0, all - kept_bytes);
  last_ += piece;
}

core::result<void> tar_end::finish() const {
  const bool blocks = bytes_ % block_bytes == 0 && last_.size() >= end_bytes;
  if (blocks && last_.find_first_not_of('\0', last_.size() - end_bytes) == std::string::npos) return {};
  const auto error = last_.rfind("{\"error");
  if (error == std::string::npos) {
    return core::fail(core::failure_code::malformed, "its tar stream ended before the tar's end");
  }
  load_decoder words;
  const auto told = words.feed(std::string_view(last_).substr(error));
  const auto why = told ? std::string("it gave no reason") : told.error().message;
  return core::fail(core::failure_code::engine_error, "the engine gave up in the middle of its tar stream: " + why);
}

}  // namespace docksweep::engine
