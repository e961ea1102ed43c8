// Decides when a policy runs: quantities (looked at every second and with every new view), schedules, alerts; and when
// it must not: cooldown, settling, windows, pause, an engine that is down or slow, a view that is old or partial.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/alert_memory.hpp"
#include "app/alert_telemetry.hpp"
#include "app/disks.hpp"
#include "app/history.hpp"
#include "app/log.hpp"
#include "app/stopped_containers.hpp"
#include "app/sweep_telemetry.hpp"
#include "app/sweeper.hpp"
#include "app/usage_tracker.hpp"
#include "app/watcher.hpp"
#include "core/alert.hpp"
#include "core/matcher.hpp"
#include "core/plan.hpp"

namespace docksweep::app {

struct trigger_options {
  std::chrono::milliseconds settle =
      std::chrono::minutes(10);                              // no automatic sweep so soon after agent or engine start
  double settle_ends_above = 0.95;                           // … unless a disk is fuller than this
  std::chrono::milliseconds look = std::chrono::seconds(1);  // statvfs and quantities
  std::chrono::milliseconds missed_after = std::chrono::hours(1);    // a scheduled run later than this counts as missed
  std::chrono::milliseconds resync = std::chrono::minutes(5);        // of the watcher: a view older than three is stale
  std::chrono::milliseconds slow_listing = std::chrono::seconds(2);  // longer: no sweep (invariant 11)
  std::chrono::milliseconds history = std::chrono::hours(24 * 90);   // how long the record is kept
  std::chrono::milliseconds plans_every = std::chrono::seconds(10);  // status() makes its plans no more often
  std::chrono::milliseconds look_at_others = std::chrono::milliseconds(500);  // what other processes wrote: a pause
  std::vector<core::label_matcher> node;  // which alerts are about this node; empty: all
};

// What becomes of an alert.
enum class alert_result {
  queued,        // it starts its policy, now or as soon as that may run
  cooling_down,  // so does this one, when the policy has cooled down and it fires still
  duplicate,     // this occurrence is known: it starts nothing again
  resolved,      // it has ended; what waited for it waits no more
  other_node,    // it is about another node ([alertmanager] node)
  unmatched,     // no policy's when.alerts want it
};
std::string_view to_string(alert_result result);

struct alert_verdict {
  alert_result result = alert_result::unmatched;
  std::vector<std::string> policies;  // whose when.alerts it satisfies
};

// Where a policy stands: what metrics, the page and the API show.
struct policy_status {
  const core::policy* policy = nullptr;
  std::vector<std::pair<core::quantity, double>> values;  // of every quantity in when and until that is known
  std::optional<core::instant> next_run;                  // schedules, splay included
  std::shared_ptr<const core::plan> plan;                 // what it would remove now; null: no view yet
  core::policy_memory memory;
};

class triggers {
 public:
  struct parts {
    watcher& node;
    container_engine& engine;
    history& record;
    disks& file_systems;
    usage_tracker& usage;
    sweeper& sweeps;
    sweep_telemetry& counts;
    alert_memory& alerts;
    alert_telemetry& alert_counts;
    log_sink& log;
    clocks time;
    bool durable = false;  // without a durable state nothing is enforced
    std::function<std::vector<std::string>()> watched_paths;
  };
  triggers(boost::asio::any_io_executor executor, parts with, std::vector<core::policy> policies,
           core::keep_rules general_keep, trigger_options options);
  ~triggers();

  // Settles what a crash left, then looks and runs policies until cancelled.
  task<void> run();
  // A new view is there, or another engine was found: look at once.
  void view_changed();
  // Every engine event: what is known of a container that it names is read again.
  void on_event(const core::engine_event& event);
  // Alerts that somebody sent: a verdict for each, in their order. Nothing is taken (and the same can be sent again) on
  // a failure: unreachable (no engine is known yet), too_large (too many wait already), storage.
  task<core::result<std::vector<alert_verdict>>> on_alerts(core::alert_batch batch);
  // All alerts that fire now and that this policy's matchers were asked for.
  task<core::result<void>> on_poll(std::string policy, std::vector<core::alert> active);
  // Sweeps by this policy now, if its mode is to enforce, and returns when the sweep is on record: its number. Failures:
  // conflict (another sweep runs, removals are paused), not_found (nothing to do, no such policy), unreachable (the
  // engine is down, slow, or not known well enough), storage.
  task<core::result<std::int64_t>> sweep_now(std::string policy, std::string actor);
  // No further sweep begins, and the one that runs stops after the removal in hand. Returns when that has ended, or
  // after `at_most`.
  task<void> wind_down(std::string why, std::chrono::milliseconds at_most);
  // Another configuration; cooldowns and holds of policies that stay the same go on.
  void take_over(std::vector<core::policy> policies, core::keep_rules general_keep, trigger_options options);

  // Makes the plan of this policy from the newest view. Fails (unreachable, storage) when there is none to plan from.
  task<core::result<core::plan>> make_plan(const core::policy& which, std::string trigger_path = {});
  std::vector<policy_status> status() const;
  std::vector<core::file_system> file_systems() const;           // measured now, or less than 10 s ago
  std::vector<std::optional<core::reason>> protections() const;  // beside the newest view's images; empty: not known
  std::optional<core::pause_state> paused() const;
  const core::policy* find(std::string_view name) const;
  // Grows with everything above.
  std::uint64_t revision() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::app
