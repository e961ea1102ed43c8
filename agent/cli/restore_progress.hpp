// How a restoration shows how far it is: a line that is redrawn on a terminal, else a line for each image.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "app/restore.hpp"

namespace docksweep::cli {

// Bytes of a pull, summed over its layers as their lines come.
class pull_total {
 public:
  void add(const app::transfer_progress& line);
  core::byte_count done() const;
  core::byte_count total() const;  // of the layers whose size is known so far
  void clear() { layers_.clear(); }

 private:
  struct layer {
    core::byte_count done = 0, total = 0;
  };
  std::map<std::string, layer> layers_;
};

// "[3/30] app:1, 12.3 MB of 40 MB"
std::string restore_progress_text(std::size_t number, std::size_t count, const std::string& name, const pull_total& pull,
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
  pull_total pull_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point shown_at_{};
};

}  // namespace docksweep::cli
