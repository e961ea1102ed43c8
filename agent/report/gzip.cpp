// Parts can be joined because a full flush leaves no bits over, each part refers to nothing before it, and zlib
// combines check sums.
#include "report/gzip.hpp"

#include <zlib.h>

#include <new>
#include <stdexcept>

namespace docksweep::report {
namespace {

void append_little_endian(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xFFu);
}

}  // namespace

deflated_part deflate_part(std::string_view text, part_place place) {
  z_stream stream{};
  constexpr int raw_window_bits = -15;  // no zlib header: gzip_of writes gzip's own
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, raw_window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();  // the arguments are valid, so only memory can be missing
  }
  deflated_part out;
  out.plain_size = text.size();
  out.crc = static_cast<std::uint32_t>(
      crc32_z(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(text.data()), text.size()));
  constexpr std::size_t flush_marker_bytes = 16;
  out.bytes.resize(deflateBound(&stream, static_cast<uLong>(text.size())) + flush_marker_bytes);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib 1.2 lacks const; it only reads
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.bytes.data());
  stream.avail_out = static_cast<uInt>(out.bytes.size());
  const int done = deflate(&stream, place == part_place::last ? Z_FINISH : Z_FULL_FLUSH);
  out.bytes.resize(out.bytes.size() - stream.avail_out);
  const bool whole = stream.avail_in == 0 && stream.avail_out > 0;
  deflateEnd(&stream);
  if (!whole || done != (place == part_place::last ? Z_STREAM_END : Z_OK))
    throw std::logic_error("deflate did not finish");
  return out;
}

std::string gzip_of(std::initializer_list<const deflated_part*> parts) {
  // Magic, deflate, no flags, no time, no hint, Unix.
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  uLong crc = crc32(0, nullptr, 0);
  std::uint64_t size = 0;
  for (const auto* part : parts) {
    out += part->bytes;
    crc = crc32_combine(crc, part->crc, static_cast<z_off_t>(part->plain_size));
    size += part->plain_size;
  }
  append_little_endian(out, static_cast<std::uint32_t>(crc));
  append_little_endian(out, static_cast<std::uint32_t>(size));
  return out;
}

}  // namespace docksweep::report
