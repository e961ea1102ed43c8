#include "app/goal_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace docksweep::app {
namespace {

bool of_a_file_system(core::quantity what) {
  return what == core::quantity::disk || what == core::quantity::inodes || what == core::quantity::disk_free;
}

// The kubelet's definition: 1 - available / size. A file system without a fixed number of inodes never lacks any.
double value_of(core::quantity what, const core::file_system& measured) {
  const auto used = [](std::int64_t left, std::int64_t all) {
    return all <= 0 ? 0.0 : 1.0 - static_cast<double>(left) / static_cast<double>(all);
  };
  if (what == core::quantity::disk) return used(measured.avail_bytes, measured.size_bytes);
  if (what == core::quantity::inodes) return used(measured.files_free, measured.files);
  return static_cast<double>(measured.avail_bytes);
}

std::string text_of(core::quantity what, double value) {
  return core::unit_of(what) == core::quantity_unit::ratio ? fmt::format("{:.3f}", value)
                                                           : fmt::format("{:.0f}", value);
}

}  // namespace

goal_watch::goal_watch(disks& file_systems, sweep_brake& brake, const sweeper_options& options,
                       std::vector<core::plan_goal> goals, std::vector<std::string> paths)
    : disks_(file_systems), brake_(brake), options_(options), paths_(std::move(paths)) {
  for (core::plan_goal& goal : goals) {
    if (of_a_file_system(goal.what)) paths_.push_back(goal.path);
    goals_.push_back({std::move(goal), 0, false});
  }
  std::erase(paths_, std::string());
  std::ranges::sort(paths_);
  const auto repeated = std::ranges::unique(paths_);
  paths_.erase(repeated.begin(), repeated.end());
}

task<core::result<core::file_system>> goal_watch::measure_path(std::string path) {
  constexpr int tries = 3;
  for (int left = tries;;) {
    auto measuring = disks_.measure(path);
    auto measured = co_await std::move(measuring);
    if (measured) co_return measured;
    throw_if_cancelled(measured.error());
    if (--left == 0 || brake_.stopped()) {
      co_return core::fail(core::failure_code::storage, fmt::format("{} cannot be measured, so nobody knows when the "
                                                                    "goal is met: {}",
                                                                    path, measured.error().message));
    }
    auto resting = brake_.rest(options_.ask_again);
    co_await std::move(resting);
  }
}

task<core::result<void>> goal_watch::look() {
  std::map<std::string, core::file_system> measured;
  for (standing& one : goals_) {
    const core::plan_goal& goal = one.goal;
    if (!of_a_file_system(goal.what)) {
      const auto gone =
          goal.what == core::quantity::images ? static_cast<double>(images_gone_) : static_cast<double>(bytes_gone_);
      one.value = goal.now - gone;
    } else if (goal.path.empty()) {
      co_return core::fail(core::failure_code::invalid,
                           fmt::format("no file system is known that {} could be measured on: set engine.paths",
                                       core::to_string(goal.what)));
    } else {
      if (!measured.contains(goal.path)) {
        auto measuring = measure_path(goal.path);
        auto fresh = co_await std::move(measuring);
        if (!fresh) co_return std::unexpected(std::move(fresh.error()));
        measured.emplace(goal.path, std::move(*fresh));
      }
      one.value = value_of(goal.what, measured.at(goal.path));
    }
    if (std::isnan(one.value)) {
      co_return core::fail(
          core::failure_code::invalid,
          fmt::format("{} is not known, so nobody knows when the goal is met", core::to_string(goal.what)));
    }
    one.met = core::met(core::threshold{goal.what, goal.target}, one.value);
  }
  co_return core::result<void>();
}

task<core::result<void>> goal_watch::begin() {
  auto looking = look();
  auto looked = co_await std::move(looking);
  if (!looked) co_return looked;
  auto measuring = free_space();
  before_ = co_await std::move(measuring);
  co_return core::result<void>();
}

void goal_watch::count_down(core::byte_count bytes, int images) {
  bytes_gone_ += bytes;
  images_gone_ += images;
}

task<core::result<bool>> goal_watch::met() {
  if (goals_.empty()) co_return false;
  auto looking = look();
  auto looked = co_await std::move(looking);
  if (!looked) co_return std::unexpected(std::move(looked.error()));
  co_return std::ranges::all_of(goals_, &standing::met);
}

task<core::result<bool>> goal_watch::met_in_the_end() {
  constexpr auto step = std::chrono::milliseconds(100);
  const auto until = std::chrono::steady_clock::now() + options_.lag;
  for (;;) {
    auto looking = met();
    auto reached = co_await std::move(looking);
    const bool enough = !reached || *reached || goals_.empty() || std::chrono::steady_clock::now() >= until;
    if (enough) co_return reached;
    auto resting = brake_.rest(step);
    const bool go_on = co_await std::move(resting);
    if (!go_on) co_return reached;
  }
}

std::string goal_watch::lacking() const {
  std::string text;
  for (const standing& one : goals_) {
    if (one.met) continue;
    const core::plan_goal& goal = one.goal;
    if (!text.empty()) text += "; ";
    text += fmt::format("{} is {}, and is to be {} {}", core::to_string(goal.what), text_of(goal.what, one.value),
                        goal.what == core::quantity::disk_free ? "above" : "below", text_of(goal.what, goal.target));
    if (!goal.path.empty()) text += " at " + goal.path;
  }
  return text;
}

task<std::optional<std::map<std::string, core::byte_count>>> goal_watch::free_space() {
  std::map<std::string, core::byte_count> found;
  for (const std::string& path : paths_) {
    auto measuring = disks_.measure(path);
    const auto measured = co_await std::move(measuring);
    if (!measured) {
      throw_if_cancelled(measured.error());
      co_return std::nullopt;
    }
    found[measured->device != 0 ? fmt::format("device {}", measured->device) : path] = measured->free_bytes;
  }
  co_return found;
}

task<std::optional<core::byte_count>> goal_watch::freed() {
  if (!before_ || before_->empty()) co_return std::nullopt;
  auto measuring = free_space();
  const auto after = co_await std::move(measuring);
  if (!after || after->size() != before_->size()) co_return std::nullopt;
  core::byte_count sum = 0;
  for (const auto& [device, bytes] : *after) {
    const auto was = before_->find(device);
    if (was == before_->end()) co_return std::nullopt;
    sum += bytes - was->second;
  }
  co_return sum;
}

}  // namespace docksweep::app
