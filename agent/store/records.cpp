// Values of the core ↔ the bytes of one record; see the header.
#include "store/records.hpp"

#include "store/blob.hpp"
#include "store/ticks.hpp"

namespace docksweep::store {
namespace {

constexpr std::uint64_t details_format = 1;
constexpr std::uint64_t usage_format = 2;  // 1 did not say which storage it was of

void write_volume(blob_writer& out, const core::volume& volume) {
  out.identifier(volume.name);
  out.text(volume.driver);
  out.number(volume.anonymous ? 1 : 0);
  out.optional_number(volume.size);
  out.optional_number(volume.references);
  out.optional_number(volume.created ? std::optional(ticks(*volume.created)) : std::nullopt);
  out.number(volume.labels.size());
  for (const auto& [key, value] : volume.labels) {
    out.text(key);
    out.text(value);
  }
}

core::volume read_volume(blob_reader& in) {
  core::volume volume;
  volume.name = in.identifier();
  volume.driver = in.text();
  volume.anonymous = in.number() != 0;
  volume.size = in.optional_number();
  if (const auto references = in.optional_number()) volume.references = static_cast<int>(*references);
  if (const auto created = in.optional_number()) volume.created = instant_from(*created);
  const std::size_t labels = in.count();
  for (std::size_t i = 0; i < labels && in.ok(); ++i) {
    std::string key = in.text();
    volume.labels.emplace_back(std::move(key), in.text());
  }
  return volume;
}

}  // namespace

std::string encode(const core::image_details& details) {
  blob_writer out;
  out.number(details_format);
  out.number(details.diff_ids.size());
  for (const std::string& id : details.diff_ids) out.identifier(id);
  // The lowest chain ID is the lowest diff ID, always.
  const bool regular = details.chain_ids.size() == details.diff_ids.size() && !details.diff_ids.empty() &&
                       details.chain_ids.front() == details.diff_ids.front();
  out.number(regular ? 1 : 0);
  if (!regular) out.number(details.chain_ids.size());
  for (std::size_t i = regular ? 1 : 0; i < details.chain_ids.size(); ++i) out.identifier(details.chain_ids[i]);
  out.number(details.history_sizes.size());
  for (const core::byte_count size : details.history_sizes) out.signed_number(size);
  out.number(details.has_history ? 1 : 0);
  out.optional_number(details.content_size);
  out.optional_number(details.listed_size);
  out.text(details.platform);
  return out.take();
}

std::optional<core::image_details> decode_image_details(std::string id, std::string_view record) {
  blob_reader in(record);
  if (in.number() != details_format) return std::nullopt;
  core::image_details details;
  details.id = std::move(id);
  details.diff_ids.resize(in.count());
  for (std::string& diff : details.diff_ids) diff = in.identifier();
  const bool regular = in.number() != 0;
  details.chain_ids.resize(regular ? details.diff_ids.size() : in.count());
  if (regular && !details.chain_ids.empty()) details.chain_ids.front() = details.diff_ids.front();
  for (std::size_t i = regular ? 1 : 0; i < details.chain_ids.size(); ++i) details.chain_ids[i] = in.identifier();
  details.history_sizes.resize(in.count());
  for (core::byte_count& size : details.history_sizes) size = in.signed_number();
  details.has_history = in.number() != 0;
  details.content_size = in.optional_number();
  details.listed_size = in.optional_number();
  details.platform = in.text();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return details;
}

std::string encode(const core::disk_usage& usage, const core::engine_identity& of) {
  blob_writer out;
  out.number(usage_format);
  out.signed_number(ticks(usage.made_at));
  out.optional_number(usage.images_bytes);
  out.optional_number(usage.containers_bytes);
  out.optional_number(usage.volumes_bytes);
  out.optional_number(usage.build_cache_bytes);
  out.signed_number(usage.build_cache_shared_bytes);
  out.signed_number(usage.build_cache_reclaimable_bytes);
  out.number(usage.volumes.size());
  for (const core::volume& volume : usage.volumes) write_volume(out, volume);
  out.number(usage.container_writable_bytes.size());
  for (const auto& [container, bytes] : usage.container_writable_bytes) {
    out.identifier(container);
    out.signed_number(bytes);
  }
  out.number(of.store == core::image_store::containerd ? 1 : 0);
  out.text(of.storage_driver);
  out.text(of.root_dir);
  return out.take();
}

std::optional<core::disk_usage> decode_disk_usage(std::string_view record, const core::engine_identity& of) {
  blob_reader in(record);
  if (in.number() != usage_format) return std::nullopt;
  core::disk_usage usage;
  usage.made_at = instant_from(in.signed_number());
  usage.images_bytes = in.optional_number();
  usage.containers_bytes = in.optional_number();
  usage.volumes_bytes = in.optional_number();
  usage.build_cache_bytes = in.optional_number();
  usage.build_cache_shared_bytes = in.signed_number();
  usage.build_cache_reclaimable_bytes = in.signed_number();
  const std::size_t volumes = in.count();
  for (std::size_t i = 0; i < volumes && in.ok(); ++i) usage.volumes.push_back(read_volume(in));
  const std::size_t containers = in.count();
  for (std::size_t i = 0; i < containers && in.ok(); ++i) {
    std::string id = in.identifier();
    usage.container_writable_bytes.emplace_back(std::move(id), in.signed_number());
  }
  core::engine_identity then;
  then.store = in.number() != 0 ? core::image_store::containerd : core::image_store::graphdriver;
  then.storage_driver = in.text();
  then.root_dir = in.text();
  if (!in.ok() || !in.at_end() || !core::same_storage(then, of)) return std::nullopt;
  return usage;
}

std::string encode_id(std::string_view id) {
  blob_writer out;
  out.identifier(id);
  return out.take();
}

std::optional<std::string> decode_id(std::string_view key) {
  blob_reader in(key);
  std::string id = in.identifier();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return id;
}

}  // namespace docksweep::store
