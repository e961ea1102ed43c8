// Compact bytes for records; see the header.
#include "store/blob.hpp"

namespace docksweep::store {
namespace {

constexpr std::string_view digest_prefix = "sha256:";
constexpr std::size_t hex_digits = 64;

enum class identifier_form : std::uint64_t { text, digest, hex };

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;  // capitals stay text: they would not come back as they were
  return -1;
}

// The raw bytes of 64 lower-case hex digits; empty if it is something else.
std::string packed(std::string_view hex) {
  if (hex.size() != hex_digits) return {};
  std::string bytes(hex_digits / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return {};
    bytes[i] = static_cast<char>(high * 16 + low);
  }
  return bytes;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    out += digits[value >> 4];
    out += digits[value & 15];
  }
}

}  // namespace

void blob_writer::number(std::uint64_t value) {
  while (value >= 128) {
    bytes_ += static_cast<char>(static_cast<unsigned char>(value | 128));
    value >>= 7;
  }
  bytes_ += static_cast<char>(value);
}

void blob_writer::signed_number(std::int64_t value) {
  number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

void blob_writer::optional_number(const std::optional<std::int64_t>& value) {
  number(value ? 1 : 0);
  if (value) signed_number(*value);
}

void blob_writer::text(std::string_view value) {
  number(value.size());
  bytes_ += value;
}

void blob_writer::identifier(std::string_view value) {
  const bool digest = value.starts_with(digest_prefix);
  const std::string bytes = packed(digest ? value.substr(digest_prefix.size()) : value);
  if (bytes.empty()) {
    number(static_cast<std::uint64_t>(identifier_form::text));
    text(value);
    return;
  }
  number(static_cast<std::uint64_t>(digest ? identifier_form::digest : identifier_form::hex));
  bytes_ += bytes;
}

std::string_view blob_reader::take(std::uint64_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint64_t blob_reader::number() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::string_view byte = take(1);
    if (byte.empty()) return 0;
    const auto bits = static_cast<unsigned char>(byte.front());
    value |= static_cast<std::uint64_t>(bits & 127) << shift;
    if (bits < 128) return value;
  }
  ok_ = false;
  return 0;
}

std::int64_t blob_reader::signed_number() {
  const std::uint64_t value = number();
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

std::optional<std::int64_t> blob_reader::optional_number() {
  if (number() == 0) return std::nullopt;
  return signed_number();
}

std::string blob_reader::text() {
  return std::string(take(number()));
}

std::string blob_reader::identifier() {
  const std::uint64_t form = number();
  if (form == static_cast<std::uint64_t>(identifier_form::text)) return text();
  if (form > static_cast<std::uint64_t>(identifier_form::hex)) ok_ = false;
  const std::string_view bytes = take(hex_digits / 2);
  if (!ok_) return {};
  std::string value;
  value.reserve(digest_prefix.size() + hex_digits);
  if (form == static_cast<std::uint64_t>(identifier_form::digest)) value = digest_prefix;
  append_hex(value, bytes);
  return value;
}

std::size_t blob_reader::count() {
  const std::uint64_t value = number();
  if (value > rest_.size()) ok_ = false;
  return ok_ ? static_cast<std::size_t>(value) : 0;
}

}  // namespace docksweep::store
