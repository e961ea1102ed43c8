// How a restoration shows how far it is: a line that is redrawn on a terminal, else a line for each image.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "app/restore.hpp"
#include "cli/pull_progress.hpp"

namespace docksweep::cli {

// "[3/30] app:1, 12.3 MB"
std::string restore_progress_text(std::size_t number, std::size_t count, const std::string& name, core::byte_count bytes,
                                  int width);

class restore_display {
 public:
  enum class form { bar, lines, nothing };
  restore_display(form how, std::size_t count) : how_(how), count_(count) {}
  ~restore_display();  // wipes the line
  restore_display(const restore_display&) = delete;
  restore_display& operator=(const restore_display&) = delete;

  app::restore_observer observer();

 private:
  void show();
  void wipe();

  form how_;
  std::size_t count_, number_ = 0;
  std::string name_;
  std::optional<pull_progress> pull_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point shown_at_{};
};

}  // namespace docksweep::cli
