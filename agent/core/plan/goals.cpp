#include "core/plan/goals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace docksweep::core {
namespace {

double used_ratio(const file_system& disk) {
  return 1 - static_cast<double>(disk.avail_bytes) / static_cast<double>(disk.size_bytes);
}

double used_inodes_ratio(const file_system& disk) {
  return 1 - static_cast<double>(disk.files_free) / static_cast<double>(disk.files);
}

// The path that is meant: the one that started the run, else the one that is worst off. Null: none was measured.
const file_system* disk_meant(quantity what, const node_picture& picture) {
  const auto measured = [&](const file_system& disk) {
    return what == quantity::inodes ? disk.files > 0 : disk.size_bytes > 0;
  };
  const auto pressure = [&](const file_system& disk) {
    if (what == quantity::disk_free) return -static_cast<double>(disk.avail_bytes);
    return what == quantity::inodes ? used_inodes_ratio(disk) : used_ratio(disk);
  };
  const file_system* worst = nullptr;
  for (const auto& disk : picture.disks) {
    if (!measured(disk)) continue;
    if (!picture.trigger_path.empty() && disk.path == picture.trigger_path) return &disk;
    if (!worst || pressure(disk) > pressure(*worst) || (pressure(disk) == pressure(*worst) && disk.path < worst->path))
      worst = &disk;
  }
  return worst;
}

std::optional<double> of_disk(quantity what, const file_system* disk) {
  if (!disk) return std::nullopt;
  if (what == quantity::disk_free) return static_cast<double>(disk->avail_bytes);
  return what == quantity::inodes ? used_inodes_ratio(*disk) : used_ratio(*disk);
}

std::int64_t count_of(const view& node, image_state state) {
  return std::ranges::count(node.states(), state);
}

// The smallest number of bytes that meets the goal, however the doubles round.
template <typename MeasuredAfter>
byte_count bytes_until(const threshold& goal, double estimate, MeasuredAfter after) {
  auto bytes = static_cast<byte_count>(std::clamp(std::floor(estimate), 0.0, 9e18));
  for (byte_count step = 1; bytes < byte_count{1} << 62 && !met(goal, after(bytes)); step *= 2) bytes += step;
  return bytes;
}

byte_count lacking_bytes(const threshold& goal, double now, const file_system* disk) {
  switch (goal.what) {
    case quantity::disk: {
      const auto size = static_cast<double>(disk->size_bytes);
      const auto estimate = (1 - goal.value) * size - static_cast<double>(disk->avail_bytes);
      return bytes_until(goal, estimate,
                         [&](byte_count freed) { return 1 - static_cast<double>(disk->avail_bytes + freed) / size; });
    }
    case quantity::disk_free:
      return bytes_until(goal, goal.value - now,
                         [&](byte_count freed) { return static_cast<double>(disk->avail_bytes + freed); });
    default:
      return bytes_until(goal, now - goal.value, [&](byte_count freed) { return now - static_cast<double>(freed); });
  }
}

plan_goal goal_of(const threshold& wanted, const node_picture& picture) {
  plan_goal goal{.what = wanted.what, .target = wanted.value};
  const bool of_a_disk =
      wanted.what == quantity::disk || wanted.what == quantity::disk_free || wanted.what == quantity::inodes;
  const auto* disk = of_a_disk ? disk_meant(wanted.what, picture) : nullptr;
  if (disk) goal.path = disk->path;
  const auto now = measure(wanted.what, picture);
  goal.now = now.value_or(std::numeric_limits<double>::quiet_NaN());
  goal.met = now && met(wanted, *now);
  goal.predictable = now && wanted.what != quantity::inodes;
  const bool is_bytes = wanted.what == quantity::disk || unit_of(wanted.what) == quantity_unit::bytes;
  if (is_bytes && now) goal.lacking = goal.met ? 0 : lacking_bytes(wanted, *now, disk);
  return goal;
}

// Images' bytes are a matter of images alone; a disk takes what everything frees.
byte_count counted_bytes(const plan_goal& goal, const plan_tally& freed) {
  return goal.what == quantity::images_bytes ? freed.images.at_least : freed.all().at_least;
}

}  // namespace

goal_list::goal_list(const node_picture& picture, const policy& which) {
  for (const auto& one : which.until) goals_.push_back(goal_of(one, picture));
}

bool goal_list::reached(const plan_tally& freed) const {
  return !goals_.empty() && std::ranges::all_of(goals_, [&](const plan_goal& goal) {
    if (goal.met) return true;
    if (!goal.predictable) return false;
    if (goal.lacking) return counted_bytes(goal, freed) >= *goal.lacking;
    return goal.now - static_cast<double>(freed.image_steps) < goal.target;
  });
}

bool goal_list::only_bytes_lack() const {
  return !goals_.empty() && std::ranges::all_of(goals_, [](const plan_goal& goal) {
    return goal.met || (goal.predictable && goal.lacking.has_value());
  });
}

std::optional<byte_count> goal_list::shortfall(const plan_tally& freed) const {
  std::optional<byte_count> most;
  for (const auto& goal : goals_) {
    if (!goal.lacking) continue;
    most = std::max(most.value_or(0), *goal.lacking - counted_bytes(goal, freed));
  }
  return most;
}

std::string goal_list::rule() const {
  const auto unmet = std::ranges::find(goals_, false, &plan_goal::met);
  if (goals_.empty()) return "until";
  const auto& goal = unmet == goals_.end() ? goals_.front() : *unmet;
  const auto value = unit_of(goal.what) == quantity_unit::bytes ? print_bytes(static_cast<byte_count>(goal.target))
                                                                : fmt::format("{}", goal.target);
  return fmt::format("until.{} = {}", until_key(goal.what), value);
}

std::optional<double> measure(quantity what, const node_picture& picture) {
  const auto& node = picture.node;
  switch (what) {
    case quantity::disk:
    case quantity::inodes:
    case quantity::disk_free:
      return of_disk(what, disk_meant(what, picture));
    case quantity::images_bytes:
      return static_cast<double>(node.layers().total().at_most);
    case quantity::reclaimable:
      return static_cast<double>(node.reclaimable().at_least);
    case quantity::images:
      return static_cast<double>(static_cast<std::int64_t>(node.states().size()) -
                                 count_of(node, image_state::intermediate));
    case quantity::dangling:
      return static_cast<double>(count_of(node, image_state::dangling));
    case quantity::exited:
      return static_cast<double>(
          std::ranges::count(node.what().containers, container_state::exited, &container::state));
  }
  return std::nullopt;
}

}  // namespace docksweep::core
