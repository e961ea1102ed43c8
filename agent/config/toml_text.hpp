// What the text of a TOML file shows before and beside its parsing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/document.hpp"

namespace docksweep::config {

// So many dots may stand on a line outside strings and comments: no key of ours has more than five. A key of 50,000
// parts would take the whole stack, in the parser and after it.
inline constexpr int most_dots = 64;

// The first dot that is one too many.
std::optional<position> one_dot_too_many(std::string_view text);

// How a line would read whose value lacks its quotes: `mode = observe` → `mode = "observe"`. Empty: it is no such line.
std::string with_quotes(std::string_view line);

}  // namespace docksweep::config
