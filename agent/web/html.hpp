// Writing HTML: escaping, and figures as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/inventory.hpp"
#include "core/layers.hpp"

namespace docksweep::web {

// Text for an element or a quoted attribute: & < > " ' become entities; control characters become U+FFFD.
std::string escaped(std::string_view text);

// "0 B", "512 B", "1.23 GB": decimal units, three digits, as the docker CLI has them; the blank does not break.
std::string bytes_text(core::byte_count bytes);

// "1.23 GB" where exact, "1.20 GB to 3.40 GB" or "up to 1.00 GB" where it is a range.
std::string bytes_text(const core::byte_range& range);

// "just now", "12 s ago", "3 min ago", "2 h ago", "5 days ago".
std::string ago_text(std::chrono::system_clock::duration age);

// "1 image", "2 images", "1,234 images".
std::string count_text(std::int64_t count, std::string_view singular, std::string_view plural);
std::string count_text(std::int64_t count);

// part/whole in percent, 0 to 100; 0 where the whole is nothing.
double percent_of(core::byte_count part, core::byte_count whole);

}  // namespace docksweep::web
