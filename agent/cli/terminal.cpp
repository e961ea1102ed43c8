// Plain system calls: no buffering of our own, so what is printed is on the terminal.
#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace docksweep::cli {
namespace {

// 0 when everything was written, else errno.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0) {
      if (errno == EAGAIN) {  // somebody made the shared terminal or pipe non-blocking
        pollfd writable{.fd = file, .events = POLLOUT, .revents = 0};
        ::poll(&writable, 1, -1);
        continue;
      }
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

}  // namespace

int output_width() {
  if (::isatty(STDOUT_FILENO) == 0) return 0;
  constexpr int narrowest = 40;  // below this a table says nothing: let the terminal wrap
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return std::max<int>(size.ws_col, narrowest);
  int columns = 0;
  const auto text = environment("COLUMNS");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  if (error == std::errc() && end == text.data() + text.size() && columns > 0) return std::max(columns, narrowest);
  return 80;
}

bool output_colour() {
  return ::isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

bool progress_wanted() {
  return ::isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb";
}

int error_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int error_height() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

bool ask(std::string_view question) {
  note_raw(fmt::format("{} [y/N] ", question));
  std::string answer;
  char letter = 0;
  for (;;) {
    const auto got = ::read(STDIN_FILENO, &letter, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) note_raw("\n");  // nobody is there any more
    if (got <= 0 || letter == '\n') break;
    if (answer.size() < 8) answer.push_back(static_cast<char>(letter | 0x20));
  }
  return answer == "y" || answer == "yes";
}

bool print(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error == 0 || error == EPIPE) return true;
  complain(fmt::format("the output could not be written: {}", std::strerror(error)));
  return false;
}

void complain(std::string_view message) {
  note(fmt::format("docksweep: {}", message));
}

void note(std::string_view line) {
  note_raw(fmt::format("{}\n", line));
}

void note_raw(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

}  // namespace docksweep::cli
