// Sweeps and removals ↔ the bytes of a record: everything about them that has no column of its own.
#pragma once

#include <string>
#include <string_view>

#include "core/history.hpp"

namespace docksweep::store {

// A container's inspect answer beyond this is not kept: a note takes its place. 256 KiB is some thirty times a usual
// one.
inline constexpr std::size_t inspect_limit_bytes = 256 * 1024;
// What an engine or a person said about one object is cut there, between two characters.
inline constexpr std::size_t problem_limit_bytes = 4096;

std::string encode(const core::sweep_record& sweep);
// Fills in what the record has. False: it makes no sense (then only the columns are known).
bool decode(std::string_view record, core::sweep_record& into);

std::string encode(const core::removal_record& removal);  // without `inspect`
bool decode(std::string_view record, core::removal_record& into);

std::string encode_references(const core::shadow_removal& shadow);
bool decode_references(std::string_view record, core::shadow_removal& into);

// The answer itself, or the note in its place (JSON, like the answer): {"docksweep_dropped": "…"}.
std::string bounded_inspect(const std::string& inspect);
// The note for a disk that has no room for it.
std::string inspect_without_room(const std::string& inspect);

// Numbers in columns ↔ words. A number that this version does not know: the last argument.
std::int64_t number_of(core::sweep_outcome outcome);
std::int64_t number_of(core::removal_outcome outcome);
std::int64_t number_of(core::target_kind kind);
std::int64_t number_of(core::image_origin origin);
core::sweep_outcome sweep_outcome_from(std::int64_t number);      // unknown: failed
core::removal_outcome removal_outcome_from(std::int64_t number);  // unknown: unknown
core::target_kind target_kind_from(std::int64_t number);          // unknown: image
core::image_origin image_origin_from(std::int64_t number);        // unknown: unknown

}  // namespace docksweep::store
