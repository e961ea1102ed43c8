// Cursor up, "erase to the end of the line", "erase below": what every terminal understands. Nothing is switched on
// that would have to be switched off again, so whatever ends the process leaves the terminal as it was.
#include "cli/pull_display.hpp"

#include <fmt/format.h>

#include "cli/terminal.hpp"

namespace docksweep::cli {
namespace {

constexpr std::chrono::milliseconds between_frames(100);

}  // namespace

pull_display::pull_display(form how) : how_(how), progress_(std::chrono::steady_clock::now()) {}

void pull_display::take(const app::transfer_progress& event) {
  const auto now = std::chrono::steady_clock::now();
  const auto line = progress_.take(event, now);
  if (how_ == form::lines && !line.empty()) note(line);
  if (how_ == form::screen && now - drawn_at_ >= between_frames) draw(now);
}

void pull_display::tick() {
  const auto now = std::chrono::steady_clock::now();
  if (how_ == form::screen && now - drawn_at_ >= between_frames) draw(now);
}

void pull_display::end() {
  if (how_ == form::screen) draw(std::chrono::steady_clock::now());
  drawn_lines_ = 0;
}

void pull_display::draw(pull_progress::time_point now) {
  const auto lines = progress_.frame(error_width(), error_height(), now);
  if (lines.empty()) return;
  std::string text = drawn_lines_ > 0 ? fmt::format("\x1b[{}A", drawn_lines_) : std::string();
  for (const auto& line : lines) text += fmt::format("\r{}\x1b[K\n", line);
  note_raw(text + "\x1b[J");
  drawn_lines_ = lines.size();
  drawn_at_ = now;
}

}  // namespace docksweep::cli
