// The watched file systems of the page, each as one bar by what fills it.
#include <algorithm>

#include "web/html.hpp"
#include "web/page_parts.hpp"

namespace docksweep::web {
namespace {

using core::byte_count;

constexpr double nearly_full_percent = 85;  // where the kubelet begins to evict

struct filling {
  std::string_view colour, name;
  byte_count bytes = 0;
};

// What the engine counts on this file system. Figures of several moments and at-leasts: never more than is used there.
std::vector<filling> counted_on(const page_disk& disk, const page_node& node, byte_count used) {
  std::vector<filling> all;
  const auto add_part = [&](std::string_view colour, std::string_view name, std::optional<byte_count> bytes) {
    const auto taken = std::clamp<byte_count>(bytes.value_or(0), 0, used);
    used -= taken;
    if (taken > 0) all.push_back({colour, name, taken});
  };
  const core::disk_usage none;
  const auto& usage = node.disk ? *node.disk : none;
  if (disk.holds_images) {
    for (const auto state : core::all_image_states) {
      static constexpr std::string_view names[] = {"images in use", "unused images", "dangling images",
                                                   "intermediate images"};
      const auto at = static_cast<std::size_t>(state);
      add_part(colour_of(state), names[at], node.image_bytes[at]);
    }
    add_part("teal", "containers", usage.containers_bytes);
    // Records that share layers with images are among the images' layers already.
    add_part("brown", "build cache", usage.build_cache_bytes.value_or(0) - usage.build_cache_shared_bytes);
  }
  if (disk.holds_root) add_part("violet", "volumes", usage.volumes_bytes);
  return all;
}

std::vector<filling> fillings_of(const page_disk& disk, const page_node* node) {
  const auto used = disk.space.size_bytes - disk.space.free_bytes;
  if (node == nullptr || !disk.unaccounted) return {{"blue", "used", used}};
  auto all = counted_on(disk, *node, used - *disk.unaccounted);
  byte_count counted = 0;
  for (const auto& one : all) counted += one.bytes;
  // Where layers have no exact size the engine may hold what lies between.
  if (const auto between = used - counted - *disk.unaccounted; between > 0 && !node->exact)
    all.push_back({"pale", "images, at most", between});
  else if (between > 0)
    all.push_back({"grey", "not counted by the engine", between + *disk.unaccounted});
  if (all.empty() || all.back().colour != "grey")
    all.push_back({"grey", "not counted by the engine", *disk.unaccounted});
  return all;
}

void add_disk(std::string& out, const page_disk& disk, const page_node* node) {
  const auto& space = disk.space;
  auto parts = fillings_of(disk, node);
  const auto kept = space.free_bytes - space.avail_bytes;  // what the file system holds back for root
  if (kept > 0) parts.push_back({"kept", "kept for root", kept});
  const auto ratio = 100 - percent_of(space.avail_bytes, space.size_bytes);
  add(out, R"(<div><div class="disk"><code>{}</code><span><b{}>{:.0f} % used</b>, {} of {} left</span></div>)",
      escaped(space.path), ratio >= nearly_full_percent ? R"( class="full")" : "", ratio, bytes_text(space.avail_bytes),
      bytes_text(space.size_bytes));
  std::vector<bar_part> bar;
  for (const auto& one : parts) {
    bar.push_back(
        {one.colour, percent_of(one.bytes, space.size_bytes), fmt::format("{}: {}", one.name, bytes_text(one.bytes))});
  }
  add_bar(out, fmt::format("{:.0f} percent used; the list below says by what", ratio), bar);
  out += R"(<ul class="legend">)";
  for (const auto& one : parts) add_legend(out, one.colour, one.name, bytes_text(one.bytes));
  add_legend(out, "track", "free", bytes_text(space.avail_bytes));
  if (space.files > 0) {
    add(out, R"(<li>inodes <b>{:.0f} %</b> used</li>)", 100 - percent_of(space.files_free, space.files));
  }
  out += "</ul></div>";
}

}  // namespace

void add_disks(std::string& out, const page_figures& what) {
  if (what.disks.empty()) return;
  out += R"(<section class="disks" aria-labelledby="disks"><h2 id="disks">What fills the disk</h2>)";
  for (const auto& disk : what.disks) add_disk(out, disk, what.node.get());
  out += "</section>";
}

}  // namespace docksweep::web
