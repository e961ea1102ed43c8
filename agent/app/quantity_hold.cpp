#include "app/quantity_hold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/quantity.hpp"

namespace docksweep::app {

namespace {

std::vector<beyond> beyond_on_disks(const core::threshold& limit, std::span<const core::file_system> disks,
                                    const quantity_reader& read) {
  std::vector<beyond> found;
  for (const auto& disk : disks) {
    const auto measured = read(limit.what, disk.path);
    if (measured && core::fires(limit, *measured)) found.push_back({limit, *measured, disk.path});
  }
  const bool less_is_worse = limit.what == core::quantity::disk_free;
  std::ranges::sort(found, [less_is_worse](const beyond& left, const beyond& right) {
    if (left.measured == right.measured) return left.path < right.path;
    return (left.measured < right.measured) == less_is_worse;
  });
  return found;
}

std::string value_text(core::quantity what, double value) {
  switch (core::unit_of(what)) {
    case core::quantity_unit::ratio:
      return fmt::format("{:.4g}", value);
    case core::quantity_unit::bytes:
      return core::print_bytes(static_cast<core::byte_count>(value));
    case core::quantity_unit::count:
      return fmt::format("{:.0f}", value);
  }
  return {};
}

}  // namespace

bool is_of_a_disk(core::quantity what) {
  return what == core::quantity::disk || what == core::quantity::inodes || what == core::quantity::disk_free;
}

std::vector<beyond> beyond_now(const core::trigger_rules& when, std::span<const core::file_system> disks,
                               const quantity_reader& read) {
  std::vector<beyond> all;
  for (const auto& limit : when.quantities) {
    if (is_of_a_disk(limit.what)) {
      std::ranges::move(beyond_on_disks(limit, disks, read), std::back_inserter(all));
      continue;
    }
    const auto measured = read(limit.what, {});
    if (measured && core::fires(limit, *measured)) all.push_back({limit, *measured, {}});
  }
  return all;
}

std::string to_text(const beyond& one) {
  const bool below = one.limit.what == core::quantity::disk_free;
  std::string text =
      fmt::format("{} {} {} {}", core::to_string(one.limit.what), value_text(one.limit.what, one.measured),
                  below ? "below" : "above", value_text(one.limit.what, one.limit.value));
  if (!one.path.empty()) text += " at " + one.path;
  return text;
}

std::vector<beyond> quantity_hold::look(const std::vector<beyond>& found, core::duration hold,
                                        std::chrono::nanoseconds now) {
  std::vector<watched> still;
  std::vector<beyond> held;
  for (const auto& one : found) {
    const auto before = std::ranges::find_if(
        watched_, [&one](const watched& known) { return known.limit == one.limit && known.path == one.path; });
    const auto since = before == watched_.end() ? now : before->since;
    still.push_back({one.limit, one.path, since});
    if (now - since >= hold) held.push_back(one);
  }
  watched_ = std::move(still);
  return held;
}

}  // namespace docksweep::app
