// Chain IDs by libcrypto's SHA-256.
#include <openssl/evp.h>

#include <array>
#include <string>
#include <vector>

#include "core/layers.hpp"

namespace docksweep::core {
namespace {

std::string sha256_digest(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &length, EVP_sha256(), nullptr);
  std::string digest = "sha256:";
  constexpr std::string_view hex = "0123456789abcdef";
  for (unsigned int i = 0; i < length; ++i) {
    digest += hex[bytes[i] >> 4U];
    digest += hex[bytes[i] & 0xFU];
  }
  return digest;
}

}  // namespace

std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids) {
  std::vector<std::string> chains;
  chains.reserve(diff_ids.size());
  for (const auto& diff : diff_ids) {
    chains.push_back(chains.empty() ? diff : sha256_digest(chains.back() + " " + diff));
  }
  return chains;
}

}  // namespace docksweep::core
