// Figures as people read them. Bytes are decimal, as in the docker CLI and on the label of a disk: 1 kB is 1000 bytes.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/inventory.hpp"
#include "core/layers.hpp"

namespace docksweep::report {

// "0 B", "999 B", "1.2 kB", "34.5 MB", "678 MB", "1.4 GB": at most three digits, rounded to the nearest.
std::string human_bytes(core::byte_count bytes);
// The same; unknown is "-".
std::string human_bytes(std::optional<core::byte_count> bytes);
// "12 MB" when the range is exact, or when its ends look the same; else "12 MB–30 MB", and "≤30 MB" for "0 B–30 MB".
std::string human_bytes(core::byte_range range);

// Whole units, rounded down: "now" (below a second), "5 seconds", "1 minute", "1 hour", "47 hours", "2 days", "2
// weeks", "2 months", "2 years"; days and longer ones from two of them on, because "10 days" says more than "1 week".
// Months have 30 days, years 365.
std::string human_duration(std::chrono::nanoseconds duration);
// "3 days ago"; "just now" below a second and for what lies ahead (clocks differ); "-" when unknown.
std::string human_age(std::optional<core::instant> when, core::instant now);

// "2026-11-23T12:00:00Z" (RFC 3339, UTC, whole seconds; a fraction is cut off).
std::string rfc3339(core::instant when);

// The first 12 hex digits of an ID, without "sha256:", as the docker CLI shows it.
std::string short_id(const std::string& id);

}  // namespace docksweep::report
