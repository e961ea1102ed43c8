// How far a pull is: events of the engine in, lines out. Pure; pull_display.hpp puts them on a terminal.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/transfer.hpp"

namespace docksweep::cli {

class pull_progress {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit pull_progress(time_point now);

  // Takes an event. Returns the line that a log gets for it: "0123456789ab: Pull complete"; empty where nothing but a
  // count of bytes has changed, and for the outcome, which the command tells.
  std::string take(const app::transfer_progress& event, time_point now);

  // What a terminal of this size shows: at most `rows` - 1 lines of at most `columns` - 1 columns. A line for each
  // layer and one for the whole; where there is no room, layers that are done become a count, then those that wait.
  std::vector<std::string> frame(int columns, int rows, time_point now) const;

  core::byte_count bytes() const { return bytes_; }  // downloaded so far, as the engine tells it
  // The same at the end; nullopt: layers have come of which the engine never told a size (containerd store, quick
  // pulls).
  std::optional<core::byte_count> downloaded() const;
  std::size_t layers() const { return layers_.size(); }

 private:
  enum class state { waiting, active, fetched, done };
  struct layer {
    std::string id, status;
    std::optional<core::byte_count> current, total;  // of this status
    core::byte_count downloaded = 0;
    std::optional<core::byte_count> size;  // of its download, once that is known
    state how = state::waiting;
    bool untold = false;  // it came, and its size was never told
  };
  struct sample {
    time_point at;
    core::byte_count bytes;
  };

  static state state_of(const std::string& status);
  static std::string line_of(const layer& one, std::size_t room);
  void count(layer& one);
  void keep_sample(time_point now);
  double bytes_per_second(time_point now) const;
  std::string totals(std::size_t room, time_point now) const;

  std::vector<layer> layers_;
  std::unordered_map<std::string, std::size_t> place_;
  std::deque<sample> samples_;
  core::byte_count bytes_ = 0;
};

}  // namespace docksweep::cli
