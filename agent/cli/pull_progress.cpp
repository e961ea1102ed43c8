#include "cli/pull_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "report/human.hpp"
#include "report/table.hpp"
#include "report/utf8.hpp"

namespace docksweep::cli {
namespace {

constexpr std::size_t most_layers = 1000;  // an image has 127 at most
constexpr std::chrono::seconds rate_window(5);
constexpr std::chrono::milliseconds between_samples(200);
constexpr core::byte_count most_bytes = core::byte_count(1) << 50;  // of a layer: a thousand of these are a number
constexpr std::string_view retrying = "Retrying in ";
constexpr std::size_t status_columns = 18;  // "Verifying Checksum"

// Docker passes on only the newest state of a layer: the end of its download may go unsaid, where more came of it.
bool came_whole(std::string_view status) {
  constexpr std::string_view states[] = {"Download complete", "Verifying Checksum", "Extracting", "Pull complete"};
  return std::ranges::find(states, status) != std::end(states);
}

// "Retrying in 5 seconds" is said anew each second.
std::string_view without_seconds(std::string_view status) {
  return status.starts_with(retrying) ? retrying : status;
}

std::string fitting(const std::string& text, std::size_t room) {
  return report::shortened(text, room, report::shortening::end);
}

std::string bar(core::byte_count current, core::byte_count total, std::size_t cells) {
  const auto share = static_cast<double>(std::clamp<core::byte_count>(current, 0, total)) / static_cast<double>(total);
  const auto full = std::min(static_cast<std::size_t>(share * static_cast<double>(cells)), cells);
  return fmt::format("[{}{}{}]", std::string(full, '='), full < cells ? ">" : "",
                     std::string(full < cells ? cells - full - 1 : 0, ' '));
}

std::string time_left(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s left", whole);
  if (whole < 3600) return fmt::format("{} min {} s left", whole / 60, whole % 60);
  return fmt::format("{} h {} min left", whole / 3600, whole / 60 % 60);
}

}  // namespace

pull_progress::pull_progress(time_point now) : samples_{{now, 0}} {}

pull_progress::state pull_progress::state_of(const std::string& status) {
  if (status == "Pull complete" || status == "Already exists") return state::done;
  if (status == "Download complete") return state::fetched;
  if (status == "Pulling fs layer" || status == "Waiting" || status.starts_with(retrying)) return state::waiting;
  return state::active;
}

std::string pull_progress::take(const app::transfer_progress& event, time_point now) {
  if (event.layer.empty()) {
    const bool outcome = event.status.starts_with("Digest: ") || event.status.starts_with("Status: ");
    return outcome ? std::string() : event.status;
  }
  auto known = place_.find(event.layer);
  if (known == place_.end()) {
    if (layers_.size() >= most_layers) return {};
    known = place_.emplace(event.layer, layers_.size()).first;
    layers_.push_back({.id = event.layer, .status = {}, .current = {}, .total = {}, .size = {}});
  }
  auto& one = layers_[known->second];
  const bool changed = without_seconds(one.status) != without_seconds(event.status);
  one.status = event.status;
  one.current = event.current;
  one.total = event.total;
  one.how = state_of(one.status);
  count(one);
  keep_sample(now);
  return changed ? fmt::format("{}: {}", one.id, one.status) : std::string();
}

void pull_progress::count(layer& one) {
  const auto before = one.downloaded;
  if (one.status == "Downloading") {
    if (one.total) one.size = std::clamp<core::byte_count>(*one.total, 0, most_bytes);
    // Less than before: a download that broke off begins again.
    if (one.current) one.downloaded = std::clamp<core::byte_count>(*one.current, 0, most_bytes);
  }
  const bool whole = came_whole(one.status);
  if (whole && one.size) one.downloaded = *one.size;
  one.untold = !one.size && (one.untold || whole);
  bytes_ += one.downloaded - before;
}

std::optional<core::byte_count> pull_progress::downloaded() const {
  if (std::ranges::any_of(layers_, &layer::untold)) return std::nullopt;
  return bytes_;
}

void pull_progress::keep_sample(time_point now) {
  if (now - samples_.back().at < between_samples) return;
  samples_.push_back({now, bytes_});
  while (samples_.size() > 2 && now - samples_[1].at > rate_window) samples_.pop_front();
}

double pull_progress::bytes_per_second(time_point now) const {
  auto from = samples_.begin();
  while (std::next(from) != samples_.end() && now - std::next(from)->at > rate_window) ++from;
  const auto seconds = std::chrono::duration<double>(now - from->at).count();
  return seconds < 0.5 ? 0 : static_cast<double>(bytes_ - from->bytes) / seconds;
}

std::string pull_progress::line_of(const layer& one, std::size_t room) {
  auto text = fmt::format("{:12}  {}", one.id, one.status);
  if (!one.current || *one.current <= 0) return fitting(text, room);
  const auto figures = one.total
                           ? fmt::format("{}/{}", report::human_bytes(*one.current), report::human_bytes(*one.total))
                           : report::human_bytes(*one.current);
  constexpr std::size_t widest_figures = 16, widest_bar = 40, narrowest_bar = 8, gaps = 6;
  const std::size_t used = 12 + status_columns + widest_figures + gaps;
  if (one.total && room >= used + narrowest_bar + 2) {
    const auto cells = std::min(room - used - 2, widest_bar);
    text = fmt::format("{:12}  {:{}}  {}  {}", one.id, one.status, status_columns, bar(*one.current, *one.total, cells),
                       figures);
  } else {
    text += "  " + figures;
  }
  return fitting(text, room);
}

std::string pull_progress::totals(std::size_t room, time_point now) const {
  const auto done = std::ranges::count(layers_, state::done, &layer::how);
  bool all_sizes = true;
  core::byte_count size = 0;
  for (const auto& one : layers_) {
    size += one.size.value_or(0);
    all_sizes = all_sizes && (one.size || one.how == state::done || came_whole(one.status));
  }
  auto text = fmt::format("{}/{} layers done, {}", done, layers_.size(), report::human_bytes(bytes_));
  if (all_sizes && size > 0) text += fmt::format(" of {}", report::human_bytes(size));
  const auto rate = bytes_per_second(now);
  if (rate >= 1) text += fmt::format(", {}/s", report::human_bytes(static_cast<core::byte_count>(rate)));
  if (rate >= 1 && all_sizes && size > bytes_) text += ", " + time_left(static_cast<double>(size - bytes_) / rate);
  return fitting(text, room);
}

std::vector<std::string> pull_progress::frame(int columns, int rows, time_point now) const {
  if (layers_.empty()) return {};
  const auto room = static_cast<std::size_t>(std::max(columns - 1, 1));  // the last column would wrap on some terminals
  const auto height = static_cast<std::size_t>(std::max(rows - 1, 1));
  const bool all_fit = layers_.size() + 1 <= height;
  // One line for the whole and, where not all fit, one for each count.
  const auto lines = all_fit ? layers_.size() : height > 3 ? height - 3 : 0;
  std::vector<const layer*> shown;
  for (const auto how :
       all_fit ? std::vector{state::waiting} : std::vector{state::active, state::fetched, state::waiting}) {
    for (const auto& one : layers_) {
      if ((all_fit || one.how == how) && shown.size() < lines) shown.push_back(&one);
    }
  }
  const auto done = static_cast<std::size_t>(std::ranges::count(layers_, state::done, &layer::how));
  const auto hidden_done = all_fit ? 0 : done;
  const auto hidden_others = layers_.size() - hidden_done - shown.size();
  std::vector<std::string> text;
  if (hidden_done > 0 && height > 2)
    text.push_back(
        fitting(fmt::format("({} {} done)", hidden_done, hidden_done == 1 ? "layer is" : "layers are"), room));
  for (const auto* one : shown) text.push_back(line_of(*one, room));
  if (hidden_others > 0 && height > 1) text.push_back(fitting(fmt::format("({} more)", hidden_others), room));
  text.push_back(totals(room, now));
  return text;
}

}  // namespace docksweep::cli
