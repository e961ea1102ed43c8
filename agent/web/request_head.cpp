// The rules of RFC 9110 and 9112 that Beast leaves to its user; see request_head.hpp.
#include "web/request_head.hpp"

#include <algorithm>

namespace docksweep::web {

std::optional<response> fault_in_head(std::string_view target, unsigned version, std::size_t most_bytes,
                                      request& what) {
  if (target.size() > most_bytes) return text_response(414, "The request's target is too long.");
  const auto hosts =
      std::ranges::count(what.headers, "host", [](const auto& pair) { return std::string_view(pair.first); });
  if (hosts > 1 || (hosts == 0 && version >= 11)) {
    return text_response(400, "A request has exactly one Host header (RFC 9112, 3.2).");
  }
  if (!split_target(target, what.path, what.query)) {
    // "OPTIONS *" and "CONNECT host:port" are well formed, and nothing that is served here.
    const bool known_form = target == "*" || what.method == "CONNECT";
    return known_form ? text_response(405, "This server knows GET, HEAD and POST.")
                      : text_response(400, "The request's target is not a path.");
  }
  const auto expected = what.header("expect");
  if (!expected.empty() && !same_without_case(expected, "100-continue")) {
    return text_response(417, "The only expectation that is met here is 100-continue.");
  }
  return std::nullopt;
}

}  // namespace docksweep::web
