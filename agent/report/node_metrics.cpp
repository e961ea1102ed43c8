#include "report/node_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/quantity.hpp"
#include "report/disk_accounts.hpp"
#include "report/families.hpp"
#include "report/image_metrics.hpp"

namespace docksweep::report {
namespace {

using family_list = std::vector<prometheus::MetricFamily>;

// How fresh the figures are, as HELP says it.
struct freshness {
  std::string events, usage, disks;
  explicit freshness(const node_options& options)
      : events(fmt::format("Follows the engine's events, listed anew every {}.", core::print_duration(options.resync))),
        usage(fmt::format("Asked of the engine every {}.", core::print_duration(options.disk_usage))),
        disks(fmt::format("Read every {}.", core::print_duration(options.file_systems))) {}
};

std::string help(std::string_view text, std::string_view fresh) {
  return fmt::format("{} {}", text, fresh);
}

void add_health(family_list& out, const node_state& state) {
  out.push_back(
      single_gauge("docksweep_engine_up",
                   "1 when the engine answers requests (version every 15s, a short listing every minute) and its "
                   "last listing succeeded.",
                   state.engine_up ? 1 : 0));
  out.push_back(single_gauge("docksweep_engine_absent", "1 when no engine was ever found on this node.",
                             state.engine_absent ? 1 : 0));
  const auto last = state.view ? std::optional(state.view->what().complete_at) : state.last_success;
  if (last) {
    out.push_back(single_gauge("docksweep_inventory_last_success_timestamp_seconds",
                               "When the engine's images and containers were last listed completely.",
                               unix_seconds(*last)));
  }
}

void add_images(family_list& out, const core::view& view, const freshness& fresh) {
  auto count = gauge_family("docksweep_images", help("Images by state: in_use by a container in any state, unused, "
                                                     "dangling, intermediate (untagged parent of another).",
                                                     fresh.events));
  auto bytes =
      gauge_family("docksweep_images_size_bytes",
                   help("Bytes of layers by the strongest state of the images that hold them, each layer counted once; "
                        "the least they can be where docksweep_sizes_exact is 0.",
                        fresh.events));
  const auto counts = view.images_by_state();
  const auto sizes = view.layers().bytes_by_state();
  for (std::size_t i = 0; i < core::all_image_states.size(); ++i) {
    const metric_labels labels{{"state", std::string(core::to_string(core::all_image_states[i]))}};
    add_gauge(count, static_cast<double>(counts[i]), labels);
    add_gauge(bytes, static_cast<double>(sizes[i]), labels);
  }
  out.push_back(std::move(count));
  out.push_back(std::move(bytes));
  out.push_back(single_gauge("docksweep_sizes_exact",
                             "1 when the bytes of layers are exact on this engine, 0 when they are bounds.",
                             view.layers().exact() ? 1 : 0));
  // Before the first disk usage nobody knows which layers the build cache holds, and 0 would look like an answer.
  if (!view.layers().cache_known()) return;
  out.push_back(single_gauge("docksweep_images_reclaimable_bytes",
                             help("Bytes that removing every image not in use would free at least.", fresh.events),
                             static_cast<double>(view.reclaimable().at_least)));
  out.push_back(
      single_gauge("docksweep_images_dangling_reclaimable_bytes",
                   help("Bytes that removing the dangling images alone would free at least; not to be added to "
                        "docksweep_images_reclaimable_bytes.",
                        fresh.events),
                   static_cast<double>(view.dangling_reclaimable().at_least)));
}

// Which keep rules speak, and how far back the record of use goes.
void add_keeping(family_list& out, const node_state& state, const core::view& view) {
  if (state.protections.size() == view.what().images.size()) {
    auto kept = gauge_family("docksweep_images_protected",
                             "Images not in use that [keep] holds, by the first rule that holds them.");
    for (const auto why : core::protecting_reasons) {
      const auto count = std::ranges::count(state.protections, std::optional(why));
      add_gauge(kept, static_cast<double>(count), {{"reason", std::string(core::to_string(why))}});
    }
    out.push_back(std::move(kept));
  }
  if (state.usage == nullptr) return;
  if (const auto oldest = state.usage->oldest_use()) {
    out.push_back(single_gauge("docksweep_image_oldest_use_timestamp_seconds",
                               "Last use of the least recently used image, as far as this node has seen.",
                               unix_seconds(*oldest)));
  }
}

void add_containers(family_list& out, const core::view& view, const freshness& fresh) {
  auto count = gauge_family("docksweep_containers", help("Containers by state.", fresh.events));
  const auto counts = view.containers_by_state();
  for (std::size_t i = 0; i < core::all_container_states.size(); ++i) {
    add_gauge(count, static_cast<double>(counts[i]),
              {{"state", std::string(core::to_string(core::all_container_states[i]))}});
  }
  out.push_back(std::move(count));
}

void add_disk_usage(family_list& out, const core::disk_usage& disk, const freshness& fresh) {
  auto usage = gauge_family("docksweep_disk_usage_bytes",
                            help("Bytes that the engine itself reports, by resource (docker system df).", fresh.usage));
  const std::pair<std::string_view, std::optional<core::byte_count>> parts[] = {
      {"images", disk.images_bytes},
      {"containers", disk.containers_bytes},
      {"volumes", disk.volumes_bytes},
      {"build_cache", disk.build_cache_bytes}};
  for (const auto& [name, bytes] : parts) {
    if (bytes) add_gauge(usage, static_cast<double>(*bytes), {{"resource", std::string(name)}});
  }
  out.push_back(std::move(usage));
}

// The same path twice would be the same series twice.
std::vector<core::file_system> distinct(const std::vector<core::file_system>& all) {
  std::vector<core::file_system> out;
  for (const auto& fs : all) {
    if (std::ranges::none_of(out, [&](const auto& seen) { return seen.path == fs.path; })) out.push_back(fs);
  }
  return out;
}

void add_disks(family_list& out, const std::vector<core::file_system>& all, const freshness& fresh) {
  auto size = gauge_family("docksweep_disk_size_bytes",
                           help("Size of the file system that holds a watched path.", fresh.disks));
  auto avail =
      gauge_family("docksweep_disk_avail_bytes",
                   help("Bytes of it that an ordinary user may still take; used ratio = 1 - avail/size.", fresh.disks));
  auto files = gauge_family("docksweep_disk_files",
                            help("Inodes of it; absent where their number is not fixed (btrfs).", fresh.disks));
  auto files_free = gauge_family("docksweep_disk_files_free", help("Inodes of it that are free.", fresh.disks));
  for (const auto& fs : all) {
    const metric_labels labels{{"path", fs.path}};
    add_gauge(size, static_cast<double>(fs.size_bytes), labels);
    add_gauge(avail, static_cast<double>(fs.avail_bytes), labels);
    if (fs.files == 0) continue;
    add_gauge(files, static_cast<double>(fs.files), labels);
    add_gauge(files_free, static_cast<double>(fs.files_free), labels);
  }
  for (auto* family : {&size, &avail, &files, &files_free}) out.push_back(std::move(*family));
}

void add_unaccounted(family_list& out, const core::view& view, const std::vector<core::file_system>& all,
                     const node_options& options, const freshness& fresh) {
  auto family =
      gauge_family("docksweep_disk_unaccounted_bytes",
                   help("Bytes used on the file system of a watched path, at least, by nothing that the engine counts "
                        "there: logs, foreign files.",
                        fresh.usage));
  const auto unaccounted = unaccounted_bytes(view, all, options.containerd_root);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (unaccounted[i]) add_gauge(family, static_cast<double>(*unaccounted[i]), {{"path", all[i].path}});
  }
  out.push_back(std::move(family));
}

}  // namespace

std::vector<prometheus::MetricFamily> node_families(const node_state& state, const node_options& options) {
  const freshness fresh(options);
  const auto disks = distinct(state.file_systems);
  family_list out;
  add_health(out, state);
  add_disks(out, disks, fresh);
  if (state.paused) {
    out.push_back(
        single_gauge("docksweep_paused", "1 while docksweep pause forbids all removals.", *state.paused ? 1 : 0));
  }
  if (!state.view) return out;
  const auto& view = *state.view;
  const auto& engine = view.what().engine;
  out.push_back(info_gauge("docksweep_engine_info", "The engine, as it names itself.",
                           {{"api_version", engine.api_version},
                            {"engine", engine.engine},
                            {"image_store", std::string(core::to_string(engine.store))},
                            {"storage_driver", engine.storage_driver},
                            {"version", engine.version}}));
  add_images(out, view, fresh);
  add_keeping(out, state, view);
  add_containers(out, view, fresh);
  if (view.what().disk) {
    add_disk_usage(out, *view.what().disk, fresh);
    add_unaccounted(out, view, disks, options, fresh);
  }
  if (options.per_image > 0) {
    for (auto& family : image_families(view, options.per_image, state.usage)) out.push_back(std::move(family));
  }
  return out;
}

}  // namespace docksweep::report
