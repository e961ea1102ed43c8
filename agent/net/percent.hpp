// Percent-encoding for paths and queries (RFC 3986), and the comparison of header names.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace docksweep::net {

// Encodes a path as one or more segments: '/', ':' and '@' stay, because engines expect references unencoded.
std::string encode_path(std::string_view path);

// "?a=1&b=2", each name and value encoded; empty for no parameters.
std::string encode_query(const std::vector<std::pair<std::string, std::string>>& parameters);

bool equal_ignoring_case(std::string_view left, std::string_view right);

}  // namespace docksweep::net
