// The one line on stderr that says what takes so long: only on a terminal, only after half a second, wiped at the end.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace docksweep::cli {

// "reading layers of images [=====>    ] 512/1000"; without a total "asking the engine … 12 s".
std::string progress_text(std::string_view what, std::size_t done, std::size_t total, std::chrono::seconds since,
                          int width);

class progress_line {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // `wanted`: progress_wanted(), or false for no output whatever happens.
  progress_line(std::string what, bool wanted, time_point now = std::chrono::steady_clock::now());
  ~progress_line();  // wipes the line
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  void step(std::size_t done, std::size_t total, time_point now = std::chrono::steady_clock::now());

 private:
  static constexpr std::chrono::milliseconds patience{500};
  static constexpr std::chrono::milliseconds interval{100};

  std::string what_;
  bool wanted_;
  bool shown_ = false;
  time_point began_;
  time_point shown_at_{};
};

}  // namespace docksweep::cli
