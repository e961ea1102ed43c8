// Restorations for people and for programs: before they run, and what they came to.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/restoration.hpp"
#include "report/table.hpp"

namespace docksweep::report {

// "app:1", "app@sha256:3f57d9401f8d", or a short ID.
std::string restored_name(const core::restoration& one);

// What would be done: one row for each image, where it comes from and which tags it gets.
std::string restore_plan_text(std::span<const core::restoration> wanted, const table_style& style);

// "app:1: restored from 127.0.0.1:5000/app@sha256:…": one line as it ends.
std::string restored_line(const core::restored_image& one);
// "Restored 11 of 12 images." and, of the others, why not.
std::string restore_summary(std::span<const core::restored_image> all);

// {sweep: N or null, restored, already_back, not_restored,
//  images: [{image_id, references, outcome, source, names_given, names_taken: [{name, image_id}], problem}]}
// Before it ran (`ended` is empty): outcome is null, and `sources` has what would be tried.
std::string restore_json(std::optional<std::int64_t> sweep, std::span<const core::restoration> wanted,
                         std::span<const core::restored_image> ended);

}  // namespace docksweep::report
