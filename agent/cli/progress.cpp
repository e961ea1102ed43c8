// Carriage return and "erase to the end of the line": what every terminal understands.
#include "cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal.hpp"

namespace docksweep::cli {
std::string progress_text(std::string_view what, std::size_t done, std::size_t total, std::chrono::seconds since,
                          int width) {
  const auto room = static_cast<std::size_t>(std::max(width - 1, 1));  // the last column would wrap on some terminals
  std::string line;
  if (total == 0) {
    line = fmt::format("{} … {} s", what, since.count());
    // "…" is one column in three bytes.
    return line.size() - 2 <= room ? line : line.substr(0, room);
  }
  const auto figures = fmt::format(" {}/{}", std::min(done, total), total);
  line = fmt::format("{} ", what);
  constexpr std::size_t narrowest_bar = 12;
  if (line.size() + figures.size() + narrowest_bar <= room) {
    const std::size_t cells = std::min<std::size_t>(room - line.size() - figures.size() - 2, 40);
    const std::size_t full = cells * std::min(done, total) / total;
    line += fmt::format("[{}{}{}]", std::string(full, '='), full < cells ? ">" : "",
                        std::string(full < cells ? cells - full - 1 : 0, ' '));
  }
  return (line + figures).substr(0, room);
}

progress_line::progress_line(std::string what, bool wanted, time_point now)
    : what_(std::move(what)), wanted_(wanted), began_(now) {}

progress_line::~progress_line() {
  if (shown_) note_raw("\r\x1b[K");
}

void progress_line::step(std::size_t done, std::size_t total, time_point now) {
  if (!wanted_ || now - began_ < patience || now - shown_at_ < interval) return;
  shown_at_ = now;
  shown_ = true;
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(now - began_);
  note_raw(fmt::format("\r{}\x1b[K", progress_text(what_, done, total, since, error_width())));
}

}  // namespace docksweep::cli
