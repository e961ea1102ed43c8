// How far a sweep is: a bar on a terminal, a line for each removal elsewhere.
#pragma once

#include <string>

#include "app/sweeper.hpp"

namespace docksweep::cli {

// "[=====>    ] 3/12, 120 MB freed, 280 MB to go: alpine:3.19", in at most `width` - 1 columns; what does not fit goes
// from its end, the bar first when there is room for less.
std::string sweep_progress_text(const app::sweep_progress& how_far, int width);

// Hand its observer to the sweeper; it outlives the sweep.
class sweep_display {
 public:
  enum class form { bar, lines, nothing };
  explicit sweep_display(form how) : how_(how) {}
  ~sweep_display();  // wipes the bar
  sweep_display(const sweep_display&) = delete;
  sweep_display& operator=(const sweep_display&) = delete;

  app::sweep_observer observer();
  // A line of its own, above the bar.
  void say(std::string_view line);

 private:
  void show();
  void wipe();

  form how_;
  bool shown_ = false;
  app::sweep_progress last_;
};

}  // namespace docksweep::cli
