// Base64 (RFC 4648), as headers and Docker's config.json use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace docksweep::net {

// With padding: of HTTP's "Basic" credentials (RFC 7617).
std::string encode_base64(std::string_view bytes);
// URL alphabet with padding: what dockerd reads from X-Registry-Auth (Go's base64.URLEncoding).
std::string encode_base64url(std::string_view bytes);

// Either alphabet, with or without padding; line breaks are skipped, as Go's decoder does. std::nullopt: no base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace docksweep::net
