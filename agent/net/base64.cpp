// Six bits at a time.
#include "net/base64.hpp"

#include <cstdint>

namespace docksweep::net {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int digit(char c) {
  if (c == '+') return 62;
  if (c == '/') return 63;
  const auto at = url_alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string encode(std::string_view bytes, std::string_view letters) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](std::size_t i) -> std::uint32_t {
      return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0;
    };
    const auto group = byte(0) << 16 | byte(1) << 8 | byte(2);
    const auto digits = std::min<std::size_t>(bytes.size() - at, 3) + 1;
    for (std::size_t i = 0; i < 4; ++i) out += i < digits ? letters[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  return encode(bytes, alphabet);
}

std::string encode_base64url(std::string_view bytes) {
  return encode(bytes, url_alphabet);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = digit(c);
    if (value < 0 || padding > 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits % 4 != 1) out += static_cast<char>(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xFF);
  }
  // One digit alone makes no byte; padding, where there is any, fills the last group of four.
  if (digits % 4 == 1 || (padding > 0 && (padding > 2 || (digits + padding) % 4 != 0))) return std::nullopt;
  return out;
}

}  // namespace docksweep::net
