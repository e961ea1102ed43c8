// `docksweep df`: what uses the disk, and how much would really come back.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/local_disks.hpp"
#include "cli/node_reader.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "report/disk_accounts.hpp"
#include "report/human.hpp"
#include "report/json.hpp"
#include "report/table.hpp"

namespace docksweep::cli {
namespace {

using report::alignment;
using report::human_bytes;
using report::shortening;

report::table_style style(const df_command& what) {
  return {.width = output_width(), .no_trunc = what.no_trunc, .colour = output_colour()};
}

// Writable layers of containers that do not run: what removing those containers gives back.
std::optional<core::byte_count> stopped_bytes(const core::inventory& node) {
  if (!node.disk || !node.disk->containers_bytes) return std::nullopt;
  core::byte_count sum = 0;
  for (const auto& one : node.containers) {
    using enum core::container_state;
    if (one.state != created && one.state != exited && one.state != dead) continue;
    const auto& sizes = node.disk->container_writable_bytes;
    const auto found = std::ranges::find(sizes, one.id, [](const auto& entry) { return entry.first; });
    if (found != sizes.end()) sum += found->second;
  }
  return sum;
}

// Volumes that no container holds.
std::optional<core::byte_count> unheld_bytes(const core::disk_usage& disk) {
  if (!disk.volumes_bytes) return std::nullopt;
  core::byte_count sum = 0;
  for (const auto& one : disk.volumes) {
    if (one.references == 0) sum += one.size.value_or(0);
  }
  return sum;
}

std::string resources(const core::view& view, const df_command& what) {
  const auto& node = view.what();
  report::table table({{.title = "RESOURCE"},
                       {.title = "COUNT", .align = alignment::right},
                       {.title = "SIZE", .align = alignment::right},
                       {.title = "WOULD COME BACK", .align = alignment::right},
                       {.title = "BY REMOVING", .shorten = shortening::end, .optional = true}});
  const auto count = [](std::size_t number) { return fmt::format("{}", number); };
  table.add({"images", count(node.images.size()), human_bytes(view.layers().total()), human_bytes(view.reclaimable()),
             "images not in use"});
  table.add(
      {"  dangling",
       count(static_cast<std::size_t>(view.images_by_state()[static_cast<std::size_t>(core::image_state::dangling)])),
       "", human_bytes(view.dangling_reclaimable()), "dangling images alone"});
  const auto& disk = node.disk;
  table.add({"containers", count(node.containers.size()), disk ? human_bytes(disk->containers_bytes) : "-",
             human_bytes(stopped_bytes(node)), "stopped containers"});
  table.add({"volumes", disk ? count(disk->volumes.size()) : "-", disk ? human_bytes(disk->volumes_bytes) : "-",
             disk ? human_bytes(unheld_bytes(*disk)) : "-", "volumes of no container"});
  table.add({"build cache", "", disk ? human_bytes(disk->build_cache_bytes) : "-",
             disk && disk->build_cache_bytes ? human_bytes(disk->build_cache_reclaimable_bytes) : "-",
             "build cache not in use"});
  return table.text(style(what));
}

std::string file_systems(const core::view& view, const measured_disks& disks, const df_command& what) {
  if (disks.found.empty()) return {};
  report::table table({{.title = "FILE SYSTEM OF", .shorten = shortening::middle},
                       {.title = "SIZE", .align = alignment::right},
                       {.title = "USED", .align = alignment::right},
                       {.title = "FREE", .align = alignment::right},
                       {.title = "FULL", .align = alignment::right},
                       {.title = "NOT THE ENGINE'S", .align = alignment::right, .optional = true}});
  const auto unaccounted = report::unaccounted_bytes(view, disks.found, disks.containerd_root);
  for (std::size_t i = 0; i < disks.found.size(); ++i) {
    const auto& one = disks.found[i];
    const double full =
        one.size_bytes > 0 ? 1.0 - static_cast<double>(one.avail_bytes) / static_cast<double>(one.size_bytes) : 0;
    table.add({one.path, human_bytes(one.size_bytes), human_bytes(one.size_bytes - one.free_bytes),
               human_bytes(one.avail_bytes), fmt::format("{:.0f} %", full * 100), human_bytes(unaccounted[i])});
  }
  return "\n" + table.text(style(what));
}

std::string volumes(const core::disk_usage& disk, const df_command& what) {
  if (disk.volumes.empty()) return {};
  report::table table({{.title = "VOLUME", .shorten = shortening::middle},
                       {.title = "SIZE", .align = alignment::right},
                       {.title = "CONTAINERS", .align = alignment::right},
                       {.title = "AGE", .align = alignment::right},
                       {.title = "KIND", .optional = true},
                       {.title = "DRIVER", .optional = true}});
  auto sorted = disk.volumes;
  std::ranges::sort(sorted, {}, [](const auto& one) { return std::pair(-one.size.value_or(-1), one.name); });
  const auto now = std::chrono::system_clock::now();
  for (const auto& one : sorted) {
    table.add({one.name, human_bytes(one.size), one.references ? fmt::format("{}", *one.references) : "-",
               one.created ? report::human_duration(now - *one.created) : "-", one.anonymous ? "anonymous" : "named",
               one.driver});
  }
  return "\n" + table.text(style(what));
}

std::string as_json(const core::view& view, const measured_disks& disks) {
  std::string text;
  report::write_disk([&text](std::string_view piece) { text += piece; }, view, disks.found, disks.containerd_root);
  return text += "\n";
}

void say_what_is_unknown(const node_reading& read, const measured_disks& disks) {
  if (read.disk_from_agent) {
    note(fmt::format("Containers, volumes and build cache as an agent saw them {}; --fresh asks anew.",
                     report::human_age(read.view->what().disk->made_at, std::chrono::system_clock::now())));
  }
  if (!read.disk_problem.empty()) note(fmt::format("Volumes and build cache are unknown: {}", read.disk_problem));
  if (read.unknown_layers > 0) {
    note(fmt::format("The layers of {} image{} could not be read, so bytes are a range: {}", read.unknown_layers,
                     read.unknown_layers == 1 ? "" : "s", read.layers_problem));
  }
  for (const auto& problem : disks.problems) note(fmt::format("Not shown: {}", problem));
}

app::task<int> show_usage(session& with, df_command what) {
  const auto& settings = with.configuration.values;
  node_reader reader(*with.engine, with.memory.get());
  // Twice the interval of an agent: its newest answer while it runs, but not what a dead one has left.
  const auto oldest = what.fresh ? std::chrono::milliseconds(0) : 2 * settings.inventory.disk_usage;
  // The engine's own deadline ends it sooner.
  const reading_wish wish{.layers = true, .disk_at_most_old = oldest, .disk_patience = std::chrono::hours(1)};
  auto read = co_await reader.read(wish);
  if (!read) {
    complain(read.error().message);
    co_return failed;
  }
  const auto& view = *read->view;
  const auto disks = co_await measure_disks(with, view.what().engine);
  std::string text = what.json ? as_json(view, disks) : resources(view, what) + file_systems(view, disks, what);
  if (!what.json && what.verbose && view.what().disk) text += volumes(*view.what().disk, what);
  const bool printed = print(text);
  say_what_is_unknown(*read, disks);
  co_return printed && read->disk_problem.empty() ? done : failed;
}

}  // namespace

int execute(const global_options& global, const df_command& what) {
  return in_session(global, [&what](session& with) { return show_usage(with, what); });
}

}  // namespace docksweep::cli
