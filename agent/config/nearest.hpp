// "Did you mean …": the known name that is the fewest typing mistakes away.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace docksweep::config {

// nullopt when nothing is near: more than a third of the name, or more than three mistakes, would have to change.
std::optional<std::string> nearest(std::string_view written, std::span<const std::string> known);

}  // namespace docksweep::config
