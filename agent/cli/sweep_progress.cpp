#include "cli/sweep_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal.hpp"
#include "report/history_text.hpp"
#include "report/human.hpp"
#include "report/table.hpp"

namespace docksweep::cli {
namespace {

std::string bar(int step, int steps, std::size_t cells) {
  const auto full = cells * static_cast<std::size_t>(std::clamp(step, 0, steps)) / static_cast<std::size_t>(steps);
  return fmt::format("[{}{}{}] ", std::string(full, '='), full < cells ? ">" : "",
                     std::string(full < cells ? cells - full - 1 : 0, ' '));
}

}  // namespace

std::string sweep_progress_text(const app::sweep_progress& how_far, int width) {
  const auto room = static_cast<std::size_t>(std::max(width - 1, 1));  // the last column would wrap on some terminals
  const auto to_go = std::max<core::byte_count>(how_far.predicted - how_far.freed, 0);
  auto text = fmt::format("{}/{}, {} freed, {} to go", how_far.step, how_far.steps, report::human_bytes(how_far.freed),
                          report::human_bytes(to_go));
  constexpr std::size_t widest_bar = 20, narrowest_bar = 8, around = 3;
  if (how_far.steps > 0 && text.size() + narrowest_bar + around <= room) {
    const auto cells = std::min(room - text.size() - around, widest_bar);
    text = bar(how_far.step, how_far.steps, cells) + text;
  }
  if (!how_far.current.empty()) text += ": " + how_far.current;
  return report::shortened(text, room, report::shortening::end);
}

sweep_display::~sweep_display() {
  wipe();
}

app::sweep_observer sweep_display::observer() {
  if (how_ == form::nothing) return {};
  app::sweep_observer made;
  if (how_ == form::bar) {
    made.progress = [this](const app::sweep_progress& how_far) {
      last_ = how_far;
      show();
    };
  } else {
    made.ended = [](const core::removal_record& one) { note(report::removal_line(one)); };
  }
  return made;
}

void sweep_display::say(std::string_view line) {
  wipe();
  note(line);
  if (how_ == form::bar && last_.steps > 0) show();
}

void sweep_display::show() {
  shown_ = true;
  note_raw(fmt::format("\r{}\x1b[K", sweep_progress_text(last_, error_width())));
}

void sweep_display::wipe() {
  if (shown_) note_raw("\r\x1b[K");
  shown_ = false;
}

}  // namespace docksweep::cli
