// Gzip of a text that comes in parts, each compressed on its own: a page whose first part stays need not be compressed
// whole again. The result is one gzip member (RFC 1952), because some readers ignore everything after the first.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace docksweep::report {

struct deflated_part {
  std::string bytes;             // raw deflate, ends on a byte boundary
  std::uint32_t crc = 0;         // of the plain text
  std::uint64_t plain_size = 0;
};

enum class part_place { inside, last };  // exactly the last part of a gzip_of ends the stream

deflated_part deflate_part(std::string_view text, part_place place);
std::string gzip_of(std::initializer_list<const deflated_part*> parts);

}  // namespace docksweep::report
