// Values of the core ↔ the bytes of one record. The first number of each is its format: a record of a format that this
// version does not know reads as absent, and what it held is asked of the engine again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/inventory.hpp"

namespace docksweep::store {

// Everything but the ID, which is the record's key.
std::string encode(const core::image_details& details);
std::optional<core::image_details> decode_image_details(std::string id, std::string_view record);

// The storage that it was measured on is part of the record: for an engine with another one it is absent.
std::string encode(const core::disk_usage& usage, const core::engine_identity& of);
std::optional<core::disk_usage> decode_disk_usage(std::string_view record, const core::engine_identity& of);

// An image ID as a key: 33 bytes for a SHA-256.
std::string encode_id(std::string_view id);
std::optional<std::string> decode_id(std::string_view key);

}  // namespace docksweep::store
