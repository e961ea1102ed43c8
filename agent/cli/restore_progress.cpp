#include "cli/restore_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal.hpp"
#include "report/human.hpp"
#include "report/restore_text.hpp"
#include "report/table.hpp"

namespace docksweep::cli {

void pull_total::add(const app::transfer_progress& line) {
  if (line.layer.empty()) return;
  auto& known = layers_[line.layer];
  // "Extracting" counts the same bytes once more.
  if (line.status == "Downloading" && line.current) {
    known.done = std::max(known.done, *line.current);
    known.total = std::max(known.total, line.total.value_or(0));
  } else if (line.status != "Pulling fs layer" && line.status != "Waiting" && line.status != "Downloading") {
    known.done = known.total;
  }
}

core::byte_count pull_total::done() const {
  core::byte_count sum = 0;
  for (const auto& [id, one] : layers_) sum += one.done;
  return sum;
}

core::byte_count pull_total::total() const {
  core::byte_count sum = 0;
  for (const auto& [id, one] : layers_) sum += one.total;
  return sum;
}

std::string restore_progress_text(std::size_t number, std::size_t count, const std::string& name, const pull_total& pull,
                                  int width) {
  auto text = fmt::format("[{}/{}] {}", number, count, name);
  if (pull.total() > 0) {
    text += fmt::format(", {} of {}", report::human_bytes(pull.done()), report::human_bytes(pull.total()));
  }
  return report::shortened(text, static_cast<std::size_t>(std::max(width - 1, 1)), report::shortening::end);
}

restore_display::~restore_display() {
  wipe();
}

app::restore_observer restore_display::observer() {
  app::restore_observer made;
  if (how_ == form::nothing) return made;
  if (how_ == form::lines) {
    made.ended = [](const core::restored_image& one) { note(report::restored_line(one)); };
    return made;
  }
  made.begins = [this](std::size_t number, const core::restoration& what, const std::string&) {
    number_ = number;
    name_ = report::restored_name(what);
    pull_.clear();
    show();
  };
  made.progress = [this](const app::transfer_progress& line) {
    constexpr std::chrono::milliseconds interval{100};
    pull_.add(line);
    if (std::chrono::steady_clock::now() - shown_at_ >= interval) show();
  };
  return made;
}

void restore_display::show() {
  shown_ = true;
  shown_at_ = std::chrono::steady_clock::now();
  note_raw(fmt::format("\r{}\x1b[K", restore_progress_text(number_, count_, name_, pull_, error_width())));
}

void restore_display::wipe() {
  if (shown_) note_raw("\r\x1b[K");
  shown_ = false;
}

}  // namespace docksweep::cli
