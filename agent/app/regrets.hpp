// What became of images that went, or would have gone: those that docksweep removed and that came back within a day
// (regret), those that a plan would have removed in observe mode and that were used again (shadow regret), and those
// that somebody else removed. Told to sweep_telemetry, the log and, for foreign removals, the history.
//
// Nothing is judged at once: another docksweep process may be about to put its removal on record. Moments are the wall
// clock's, delays the steady clock's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/history.hpp"
#include "app/log.hpp"
#include "app/sweep_telemetry.hpp"
#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::app {

struct regret_options {
  std::chrono::milliseconds within = std::chrono::hours(24);   // METRICS.md: a pull within a day
  std::chrono::milliseconds settle = std::chrono::seconds(3);  // before anything is judged
  std::chrono::milliseconds retry = std::chrono::seconds(10);  // after the history could not be read
  // How far back a removal of our own explains that an image is gone.
  std::chrono::milliseconds ours_within = std::chrono::minutes(10);
  std::size_t at_most = 20000;  // of each kind that waits to be judged
};

class regrets {
 public:
  using steady_moment = std::chrono::steady_clock::time_point;

  // All references outlive this.
  regrets(history& memory, sweep_telemetry& counts, log_sink& log, regret_options options = {});

  // Another engine, and what its images were used: nothing is known of it yet.
  void follow(std::string engine_id);

  // A new view of this engine. `usage`: the images' book before it looked at this view.
  void on_view(std::shared_ptr<const core::view> node, const core::use_book& usage, core::instant now);
  // Somebody pulled this reference.
  void pulled(const std::string& reference, core::instant at);
  // Somebody wanted this image (a new container, an event), other than by its mere being there.
  void wanted(const std::string& image_id, core::instant at);
  void clock_jumped(core::duration by);

  // When check() has something to judge; max: nothing waits.
  steady_moment due() const { return due_; }
  task<void> check();

 private:
  struct vanished_image {
    core::removal_record record;  // as a foreign removal
    std::string parent;
    bool named = false;
  };
  struct waiting {
    std::unordered_map<std::string, vanished_image> vanished;  // by image ID
    std::unordered_map<std::string, core::instant> returned;   // image ID → when it was first seen again
    std::unordered_map<std::string, core::instant> pulled;     // canonical reference → when
    std::unordered_map<std::string, core::instant> wanted;     // image ID → when
    bool empty() const { return vanished.empty() && returned.empty() && pulled.empty() && wanted.empty(); }
    void merge(waiting& earlier);
  };
  struct own_removal {
    core::removal_record record;  // without layers
    bool counted = false;
  };

  void wait_to_judge();
  void add_vanished(const core::view& before, std::size_t index, const core::use_book& usage, core::instant now);
  task<core::result<void>> judge(waiting& batch);
  task<core::result<void>> learn_removals(const waiting& batch);
  void learn(core::removal_record record, bool already_back);
  bool is_back(const core::removal_record& record, const std::unordered_set<std::string>& names,
               const waiting& batch) const;
  task<core::result<void>> judge_returns(const waiting& batch);
  task<core::result<std::string>> policy_of(std::int64_t sweep_id);
  void count_regret(const core::removal_record& removal, const std::string& policy);
  task<void> judge_vanished(const waiting& batch);
  std::set<std::string> ours_among(const waiting& batch) const;
  void tell_foreign(const std::vector<core::removal_record>& gone);
  task<core::result<void>> judge_shadows(const waiting& batch);

  history& memory_;
  sweep_telemetry& counts_;
  log_sink& log_;
  regret_options options_;

  std::string engine_id_;
  unsigned generation_ = 0;                     // grows with the engine: what was asked about the one before is dropped
  std::shared_ptr<const core::view> node_;      // the newest
  std::shared_ptr<const core::view> complete_;  // the newest without unreadable entries
  core::instant now_{};                         // of the newest view or event
  waiting waiting_;

  std::map<std::int64_t, own_removal> own_;       // by the removal's ID: those of the last day
  std::map<std::int64_t, std::string> policies_;  // by sweep
  std::optional<core::instant> learned_until_;
  steady_moment due_ = steady_moment::max();
  bool failing_ = false;
};

}  // namespace docksweep::app
