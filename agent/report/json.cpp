#include "report/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serializer.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "report/disk_accounts.hpp"
#include "report/human.hpp"
#include "report/image_holders.hpp"

namespace docksweep::report {
namespace {

namespace json = boost::json;

void write_value(const json_sink& out, const json::value& value) {
  json::serializer serializer;
  serializer.reset(&value);
  std::array<char, 4096> buffer;
  while (!serializer.done()) {
    const auto piece = serializer.read(buffer.data(), buffer.size());
    out({piece.data(), piece.size()});
  }
}

// An array whose elements are made, written and forgotten one by one.
template <typename Range, typename Make>
void write_array(const json_sink& out, const Range& range, Make make) {
  out("[");
  bool first = true;
  for (const auto& item : range) {
    if (!std::exchange(first, false)) out(",");
    write_value(out, make(item));
  }
  out("]");
}

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value time_or_null(const std::optional<core::instant>& when) {
  return when ? json::value(rfc3339(*when)) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::array texts(const std::vector<std::string>& from) { return json::array(from.begin(), from.end()); }

json::object labels_of(const core::label_list& labels) {
  json::object out;
  for (const auto& [key, value] : labels) out.emplace(key, value);
  return out;
}

json::object range_of(core::byte_range range) { return {{"at_least", range.at_least}, {"at_most", range.at_most}}; }

json::array holders_of(const core::view& view, const std::vector<std::uint32_t>& containers) {
  json::array out;
  for (const auto index : containers) {
    const auto& one = view.what().containers[index];
    out.push_back({{"id", one.id},
                   {"name", one.names.empty() ? json::value(nullptr) : json::value(one.names.front())},
                   {"state", core::to_string(one.state)}});
  }
  return out;
}

json::object image_of(const core::view& view, std::uint32_t index, const image_holders& holders) {
  const auto& one = view.what().images[index];
  const auto& all_details = view.what().details;
  const auto* details = index < all_details.size() ? all_details[index].get() : nullptr;
  json::object out;
  out["id"] = one.id;
  out["tags"] = texts(one.tags);
  out["digests"] = texts(one.digests);
  out["state"] = core::to_string(view.states()[index]);
  out["size_bytes"] = or_null(one.size);
  out["freed"] = range_of(view.freed_alone(index));
  out["created_at"] = time_or_null(one.created);
  out["platform"] = details ? text_or_null(details->platform) : json::value(nullptr);
  out["parent_id"] = text_or_null(one.parent_id);
  out["labels"] = labels_of(one.labels);
  out["containers"] = holders_of(view, holders.of(one));
  return out;
}

void add_notes(json::object& out, const core::view& view, std::uint32_t index, const image_notes& notes) {
  const auto* use = notes.use == nullptr ? nullptr : notes.use->find(view.what().images[index].id);
  out["first_seen_at"] = use ? json::value(rfc3339(use->first_seen)) : json::value(nullptr);
  out["last_used_at"] = use ? json::value(rfc3339(use->last_used)) : json::value(nullptr);
  out["origin"] = use ? json::value(core::to_string(use->origin)) : json::value(nullptr);
  if (notes.judged_by == nullptr) return;
  const auto& verdict = verdict_on_image(*notes.judged_by, view, index);
  out["verdict"] = {{"action", core::to_string(verdict.action)},
                    {"reason", core::to_string(verdict.why)},
                    {"rule", text_or_null(notes.judged_by->rule_text(verdict))},
                    {"eligible_at", time_or_null(verdict.eligible_at)}};
}

// The writable layer: from the listing when that was asked for sizes, else from the last disk usage.
std::optional<core::byte_count> writable_bytes(const core::view& view, const core::container& one) {
  if (one.writable_bytes || !view.what().disk) return one.writable_bytes;
  for (const auto& [id, bytes] : view.what().disk->container_writable_bytes) {
    if (id == one.id) return bytes;
  }
  return std::nullopt;
}

json::object container_of(const core::view& view, const core::container& one) {
  json::object out;
  out["id"] = one.id;
  out["names"] = texts(one.names);
  out["state"] = core::to_string(one.state);
  out["status"] = one.status;
  out["image"] = text_or_null(one.image_name);
  out["image_id"] = text_or_null(one.image_id);
  out["created_at"] = time_or_null(one.created);
  out["writable_bytes"] = or_null(writable_bytes(view, one));
  out["volumes"] = texts(one.volumes);
  out["image_mounts"] = texts(one.image_mounts);
  out["labels"] = labels_of(one.labels);
  return out;
}

json::object volume_of(const core::volume& one) {
  return {{"name", one.name},
          {"driver", one.driver},
          {"anonymous", one.anonymous},
          {"size_bytes", or_null(one.size)},
          {"references", or_null(one.references)},
          {"created_at", time_or_null(one.created)},
          {"labels", labels_of(one.labels)}};
}

json::object image_totals(const core::view& view) {
  const auto& disk = view.what().disk;
  return {{"count", view.what().images.size()},
          {"layers", range_of(view.layers().total())},
          {"reclaimable", range_of(view.reclaimable())},
          {"dangling_reclaimable", range_of(view.dangling_reclaimable())},
          {"engine_bytes", disk ? or_null(disk->images_bytes) : json::value(nullptr)}};
}

json::value build_cache_of(const std::optional<core::disk_usage>& disk) {
  if (!disk || !disk->build_cache_bytes) return nullptr;
  return {{"bytes", *disk->build_cache_bytes},
          {"shared_bytes", disk->build_cache_shared_bytes},
          {"reclaimable_bytes", disk->build_cache_reclaimable_bytes}};
}

json::object file_system_of(const core::file_system& fs, const std::optional<core::byte_count>& unaccounted) {
  const bool fixed_inodes = fs.files != 0;
  return {{"path", fs.path},
          {"size_bytes", fs.size_bytes},
          {"used_bytes", fs.size_bytes - fs.free_bytes},
          {"avail_bytes", fs.avail_bytes},
          {"files", fixed_inodes ? json::value(fs.files) : json::value(nullptr)},
          {"files_free", fixed_inodes ? json::value(fs.files_free) : json::value(nullptr)},
          {"unaccounted_bytes", or_null(unaccounted)}};
}

template <typename States, typename Counts>
json::object counts_of(const States& states, const Counts& counts) {
  json::object out;
  for (std::size_t i = 0; i < states.size(); ++i) out[core::to_string(states[i])] = counts[i];
  return out;
}

json::object engine_of(const core::engine_identity& engine) {
  return {{"id", text_or_null(engine.id)},
          {"engine", engine.engine},
          {"version", engine.version},
          {"api_version", engine.api_version},
          {"storage_driver", text_or_null(engine.storage_driver)},
          {"image_store", core::to_string(engine.store)},
          {"root_dir", text_or_null(engine.root_dir)}};
}

void write_member(const json_sink& out, std::string_view separated_key, const json::value& value) {
  out(separated_key);
  write_value(out, value);
}

}  // namespace

std::vector<std::uint32_t> everything(std::size_t count) {
  std::vector<std::uint32_t> out(count);
  std::iota(out.begin(), out.end(), 0u);
  return out;
}

const core::verdict& verdict_on_image(const core::plan& plan, const core::view& view, std::size_t image) {
  return plan.verdicts.at(view.what().containers.size() + image);
}

void write_images(const json_sink& out, const core::view& view, selection which, const image_notes* notes) {
  const image_holders holders(view.what().containers);
  write_array(out, which, [&](std::uint32_t index) {
    auto image = image_of(view, index, holders);
    if (notes != nullptr) add_notes(image, view, index, *notes);
    return image;
  });
}

void write_containers(const json_sink& out, const core::view& view, selection which) {
  write_array(out, which, [&](std::uint32_t index) { return container_of(view, view.what().containers[index]); });
}

void write_disk(const json_sink& out, const core::view& view, std::span<const core::file_system> file_systems,
                std::string_view containerd_root) {
  const auto& disk = view.what().disk;
  write_member(out, R"({"made_at":)", disk ? json::value(rfc3339(disk->made_at)) : json::value(nullptr));
  write_member(out, R"(,"exact":)", view.layers().exact());
  write_member(out, R"(,"images":)", image_totals(view));
  write_member(out, R"(,"containers":)",
               json::object{{"count", view.what().containers.size()},
                            {"bytes", disk ? or_null(disk->containers_bytes) : json::value(nullptr)}});
  out(R"(,"volumes":)");
  if (disk) {
    write_member(out, R"({"count":)", disk->volumes.size());
    write_member(out, R"(,"bytes":)", or_null(disk->volumes_bytes));
    out(R"(,"items":)");
    write_array(out, disk->volumes, volume_of);
    out("}");
  } else {
    out("null");
  }
  write_member(out, R"(,"build_cache":)", build_cache_of(disk));
  out(R"(,"file_systems":)");
  const auto unaccounted = unaccounted_bytes(view, file_systems, containerd_root);
  write_array(out, everything(file_systems.size()),
              [&](auto i) { return file_system_of(file_systems[i], unaccounted[i]); });
  out("}");
}

void write_inventory(const json_sink& out, const core::view& view, std::span<const core::file_system> file_systems,
                     std::string_view containerd_root) {
  const auto& what = view.what();
  write_member(out, R"({"complete_at":)", json::value(rfc3339(what.complete_at)));
  write_member(out, R"(,"unreadable":)", what.unreadable);
  write_member(out, R"(,"engine":)", engine_of(what.engine));
  write_member(out, R"(,"images_by_state":)", counts_of(core::all_image_states, view.images_by_state()));
  write_member(out, R"(,"containers_by_state":)", counts_of(core::all_container_states, view.containers_by_state()));
  out(R"(,"images":)");
  write_images(out, view, everything(what.images.size()));
  out(R"(,"containers":)");
  write_containers(out, view, everything(what.containers.size()));
  out(R"(,"disk":)");
  write_disk(out, view, file_systems, containerd_root);
  out("}");
}

}  // namespace docksweep::report
