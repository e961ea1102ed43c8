// Compact bytes for records: numbers of variable length, texts, and digests as raw bytes (a third of their hex form).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace docksweep::store {

class blob_writer {
 public:
  void number(std::uint64_t value);        // 7 bits a byte, lowest first
  void signed_number(std::int64_t value);  // zigzag, so that -1 is short
  void optional_number(const std::optional<std::int64_t>& value);
  void text(std::string_view value);
  // "sha256:" and 64 hex digits, or 64 hex digits alone, take 33 bytes; anything else is kept as text.
  void identifier(std::string_view value);

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// After the first fault (bytes end early, a length beyond the end) everything reads as zero or empty, and ok() is
// false.
class blob_reader {
 public:
  explicit blob_reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number();
  std::int64_t signed_number();
  std::optional<std::int64_t> optional_number();
  std::string text();
  std::string identifier();
  // A count of things that take at least one byte each: never more than there are bytes left.
  std::size_t count();

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view take(std::uint64_t size);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace docksweep::store
