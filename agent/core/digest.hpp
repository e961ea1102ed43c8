// SHA-256 as text, for chain IDs, names of docker contexts, fingerprints of configuration.
#pragma once

#include <string>
#include <string_view>

namespace docksweep::core {

// 64 lower-case hex digits.
std::string sha256_hex(std::string_view text);

}  // namespace docksweep::core
