#include "cli/restore_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal.hpp"
#include "report/human.hpp"
#include "report/restore_text.hpp"
#include "report/table.hpp"

namespace docksweep::cli {

std::string restore_progress_text(std::size_t number, std::size_t count, const std::string& name, core::byte_count bytes,
                                  int width) {
  auto text = fmt::format("[{}/{}] {}", number, count, name);
  if (bytes > 0) text += ", " + report::human_bytes(bytes);
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
    pull_.emplace(std::chrono::steady_clock::now());
    show();
  };
  made.progress = [this](const app::transfer_progress& line) {
    constexpr std::chrono::milliseconds interval{100};
    const auto now = std::chrono::steady_clock::now();
    if (pull_) pull_->take(line, now);
    if (now - shown_at_ >= interval) show();
  };
  return made;
}

void restore_display::show() {
  shown_ = true;
  shown_at_ = std::chrono::steady_clock::now();
  note_raw(fmt::format("\r{}\x1b[K", restore_progress_text(number_, count_, name_, pull_ ? pull_->bytes() : 0, error_width())));
}

void restore_display::wipe() {
  if (shown_) note_raw("\r\x1b[K");
  shown_ = false;
}

}  // namespace docksweep::cli
