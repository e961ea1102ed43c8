// The stream of progress that pulls and loads answer with: whatever an engine sends, in whatever pieces.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/decode/progress.hpp"
#include "engine/decode/tar_end.hpp"

namespace {

using namespace docksweep;

// The first byte says how large the pieces are. True: it was a success.
template <typename Decoder>
bool feed(Decoder& decoder, std::string_view text, std::size_t piece_bytes) {
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
    if (!decoder.feed(text.substr(at, piece_bytes))) return false;
  }
  return true;
}

bool printable(std::string_view text) {
  for (const unsigned char c : text) {
    if (c < ' ' || c == 0x7f) return false;
  }
  return true;
}

void require(bool holds) {
  if (!holds) std::abort();
}

bool pull(std::string_view text, std::size_t piece_bytes, bool podman) {
  engine::pull_decoder decoder([](const app::transfer_progress& line) {
    require(printable(line.status) && printable(line.layer));
    require(line.current.value_or(0) >= 0 && line.total.value_or(1) > 0);
  });
  if (!feed(decoder, text, piece_bytes)) {
    require(!decoder.finish(podman).has_value());  // a failure stays one
    return false;
  }
  return decoder.finish(podman).has_value();
}

bool load(std::string_view text, std::size_t piece_bytes) {
  engine::load_decoder decoder;
  if (!feed(decoder, text, piece_bytes)) {
    require(!decoder.finish().has_value());
    return false;
  }
  const auto names = decoder.finish();
  if (!names) return false;
  require(!names->empty());
  for (const auto& name : *names) require(!name.empty() && printable(name));
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = 1u + data[0];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // However it is cut, it means the same.
  for (const bool podman : {false, true}) require(pull(text, piece_bytes, podman) == pull(text, size, podman));
  require(load(text, piece_bytes) == load(text, size));
  engine::tar_end cut, whole;
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) cut.feed(text.substr(at, piece_bytes));
  whole.feed(text);
  require(cut.finish().has_value() == whole.finish().has_value());
  return 0;
}
