// The one use of libcrypto in core.
#include "core/digest.hpp"

#include <openssl/evp.h>

#include <array>

namespace docksweep::core {

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &length, EVP_sha256(), nullptr);
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  out.reserve(2UL * length);
  for (unsigned int i = 0; i < length; ++i) {
    out += hex[bytes[i] >> 4U];
    out += hex[bytes[i] & 0xFU];
  }
  return out;
}

}  // namespace docksweep::core
