// Uses that events told of, until the views show whose they were. A view may still show the image that held a tag
// before, or not show a new image yet; so a mark holds for some time, for whoever holds its name in any view of that
// time. No clock in here: moments are the wall clock's for the book, and the boot clock's for how long a mark holds.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/event_use.hpp"
#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::app {

struct use_marks_options {
  std::chrono::nanoseconds holds = std::chrono::seconds(10);  // after the event, once its image was seen
  std::chrono::nanoseconds waits = std::chrono::minutes(15);  // while no view shows such an image
  // A pull that moves its tag shows within this; a holder that is still the same then is what was pulled.
  std::chrono::nanoseconds settles = std::chrono::seconds(60);
  std::size_t at_most = 4096;
};

class use_marks {
 public:
  using boot_moment = std::chrono::nanoseconds;

  explicit use_marks(use_marks_options options = {}) : options_(options) {}

  // `node`: the newest view, null: there was none.
  void add(const event_use& told, core::instant at, boot_moment boot, const core::view* node);
  // Puts down in `book` what concerns images of this view. Returns IDs of those that somebody wanted, each once for an
  // event.
  std::vector<std::string> apply(const core::view& node, core::use_book& book, boot_moment boot);
  // Drops what holds no longer. Returns whether the newest view should be applied again: a pull can be decided now.
  bool expire(boot_moment boot);

  void clock_jumped(core::duration by);
  void clear();
  std::size_t size() const { return names_.size() + ids_.size(); }

 private:
  struct mark {
    core::instant at{};
    boot_moment boot{0};
    bool wanted = false;
    core::image_origin origin = core::image_origin::unknown;
    std::vector<std::string> applied;  // who was marked since the newest event that wanted it
    // A pull (names only): it may move the name, so who is meant, and gets the origin, is decided later.
    bool undecided = false;
    boot_moment pulled_at{0};
    std::vector<std::string> before;  // who held the name then
  };
  using marks = std::unordered_map<std::string, mark>;
  using holders_of_marks = std::unordered_map<const mark*, std::vector<std::string>>;

  mark& entry(marks& where, const std::string& key, const event_use& told, core::instant at, boot_moment boot);
  void add_name(const event_use& told, core::instant at, boot_moment boot, const core::view* node);
  void moved_away(const std::string& name);
  holders_of_marks holders(const core::view& node) const;
  void put_down(mark& one, const std::string& id, core::use_book& book, std::vector<std::string>& wanted);
  void decide(mark& one, const std::vector<std::string>& now, core::use_book& book, std::vector<std::string>& wanted,
              boot_moment boot);
  bool holds(const mark& one, boot_moment boot) const;

  use_marks_options options_;
  marks names_;
  marks ids_;
  bool overflowed_ = false;  // more than can be told apart: everything counts as used, once
  core::instant overflowed_at_{};
};

}  // namespace docksweep::app
