// Chain IDs by libcrypto's SHA-256.
#include <string>
#include <vector>

#include "core/digest.hpp"
#include "core/layers.hpp"

namespace docksweep::core {

std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids) {
  std::vector<std::string> chains;
  chains.reserve(diff_ids.size());
  for (const auto& diff : diff_ids) {
    chains.push_back(chains.empty() ? diff : "sha256:" + sha256_hex(chains.back() + " " + diff));
  }
  return chains;
}

}  // namespace docksweep::core
