// A pull's progress where somebody sees it: redrawn in place on a terminal, a line for each change elsewhere.
#pragma once

#include "cli/pull_progress.hpp"

namespace docksweep::cli {

class pull_display {
 public:
  enum class form { screen, lines, nothing };
  explicit pull_display(form how);

  void take(const app::transfer_progress& event);
  void tick();  // time has passed: rates and times left change
  void end();   // draws what is final; the cursor is below it then

  const pull_progress& progress() const { return progress_; }

 private:
  void draw(pull_progress::time_point now);

  form how_;
  pull_progress progress_;
  std::size_t drawn_lines_ = 0;
  pull_progress::time_point drawn_at_{};
};

}  // namespace docksweep::cli
