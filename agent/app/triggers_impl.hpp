// The inside of triggers: what its coroutines share. Included by triggers*.cpp only.
//
//   run = looks (disks, quantities, schedules) && runs (one policy after another) && others (pause, foreign writes)
//         && stopped containers for the plans that are shown && housekeeping (old history)
//
// A look only measures and says what is due; a run takes what is due through the gate to a plan and to the sweeper.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/alert_book.hpp"
#include "app/disk_watch.hpp"
#include "app/gate.hpp"
#include "app/not_safe.hpp"
#include "app/quantity_hold.hpp"
#include "app/schedule_run.hpp"
#include "app/triggers.hpp"
#include "app/wake_up.hpp"

namespace docksweep::app {

// A policy, and where it stands.
struct policy_entry {
  using moment = std::chrono::nanoseconds;  // boot clock

  core::policy policy;
  core::policy_memory memory;

  quantity_hold hold;
  std::vector<beyond> held;                  // thresholds that start it now
  std::optional<core::instant> due;          // scheduled moment that is to run now
  std::optional<core::instant> next_moment;  // the next one that is not handled: nothing is due before; null: look
  core::duration offset{0};                  // splay on this node

  std::set<skip_reason> counted;          // of the occasion that lasts
  std::optional<core::instant> occasion;  // of a schedule: its moment; of an alert: its start; null: a threshold's
  std::optional<moment> ended_at;         // of the last run, whoever ran it: cooldown counts from here
  moment not_before{0};                   // a run that came to nothing is not tried again at once
  moment nothing_until{0};                // nor one that found nothing to do, while the view is the same
  std::weak_ptr<const core::view> nothing_in;
  // After a threshold's sweep that removed nothing: the threshold is still crossed, and the same would follow.
  moment threshold_rests_until{0};
  std::vector<std::string> observed_steps;  // of the last run on record in observe mode: sorted IDs
  std::optional<moment> observed_at;        // and when that ended
  bool unsaved = false;                     // memory has changed since it was written down
  bool observed = false;                    // its last run removed nothing on purpose: what follows is no cooldown

  std::shared_ptr<const core::plan> plan;  // for status()
};

// "alert DiskFull{…} by webhook (and 2 more)".
std::string cause_of(const std::vector<core::alert_record>& waiting);

// A sweep that somebody waits for.
struct asked_sweep {
  std::string policy, actor;
  bool withdrawn = false;  // nobody waits any more
  std::optional<core::result<std::int64_t>> outcome =
      std::nullopt;                              // its number once it is on record, or why there is none
  void answer(core::result<std::int64_t> with);  // the first answer counts
};

enum class asked_by { itself, somebody };

struct planned {
  std::shared_ptr<const core::view> node;
  core::plan plan;
};

struct triggers::impl {
  using moment = policy_entry::moment;
  using entry_pointer = std::shared_ptr<policy_entry>;

  impl(boost::asio::any_io_executor executor, parts with, std::vector<core::policy> policies,
       core::keep_rules general_keep, trigger_options options);

  task<void> run();
  moment boot_now() const;
  core::instant wall_now() const { return with_.time.wall(); }

  // triggers.cpp
  task<void> look_again_and_again();
  task<void> look();
  std::vector<std::string> paths_to_watch();
  void follow_engine();
  void look_at_quantities(policy_entry& entry);
  void look_at_schedule(policy_entry& entry);
  void take_over(std::vector<core::policy> policies, core::keep_rules general_keep, trigger_options options);
  task<void> wind_down(std::string why, std::chrono::milliseconds at_most);
  entry_pointer entry_named(std::string_view policy) const;  // null: there is none
  const core::policy* find(std::string_view name) const;

  // triggers_run.cpp
  task<void> run_what_is_due();
  task<void> consider(entry_pointer entry);
  bool knows_everything() const;
  bool just_started() const;
  void swept();
  bool sees_what_was_swept() const;
  std::optional<skip_reason> why_not_now(const policy_entry& entry, asked_by whom = asked_by::itself) const;
  void skip(policy_entry& entry, skip_reason why, const std::string& cause);
  task<void> sweep(entry_pointer entry, planned what, core::sweep_trigger trigger, std::string cause,
                   std::shared_ptr<asked_sweep> asked = nullptr);
  bool observed_before(const policy_entry& entry, const std::vector<std::string>& steps) const;
  void not_begun(policy_entry& entry, const sweep_refusal& refusal, const std::string& cause);
  task<void> scheduled_done(entry_pointer entry);
  bool is_current(const entry_pointer& entry) const;

  // triggers_alerts.cpp
  task<core::result<std::vector<alert_verdict>>> on_alerts(core::alert_batch batch);
  task<core::result<void>> on_poll(std::string policy, std::vector<core::alert> active);
  task<core::result<std::vector<core::alert_key>>> queue(std::vector<core::alert_record> fresh);
  void log_alert(log_level level, std::string_view event, const core::alert_record& one);
  core::alert_record record_of(const core::alert& one, core::alert_source source, std::string policy);
  bool is_about_this_node(const core::alert& one) const;
  bool alerts_are_known() const;
  bool cools_down(const std::string& policy) const;
  std::vector<core::alert_record> waiting_alerts(const policy_entry& entry) const;
  task<std::vector<core::alert_record>> take_alerts(const policy_entry& entry);
  task<void> give_alerts_back(std::vector<core::alert_record> alerts);
  task<void> end_silent_alerts();
  task<void> forget_old_alerts();

  // triggers_by_request.cpp
  task<core::result<std::int64_t>> sweep_now(std::string policy, std::string actor);
  task<void> run_what_was_asked_for();
  task<void> sweep_as_asked(std::shared_ptr<asked_sweep> request);
  static void refuse(asked_sweep& request, const sweep_refusal& why);

  // triggers_memory.cpp
  task<void> get_to_know_engine();
  task<bool> load_memories(std::string engine_id);
  task<bool> settle_crashes(std::string engine_id);
  void remember(policy_entry& entry, core::policy_memory memory);
  task<void> ended(entry_pointer entry, core::sweep_record record);
  task<void> save(entry_pointer entry);
  task<void> follow_others();
  task<void> look_at_others();
  task<bool> read_pause();
  task<bool> count_sweeps_of_others();
  task<bool> count_restored();
  void notice_pause();
  task<void> forget_old_history();
  void storage_failed(const core::failure& why);

  // triggers_plan.cpp
  task<core::result<planned>> make_plan(const core::policy& which, std::string trigger_path);
  task<void> read_stopped(const core::view& node);
  std::optional<double> read_quantity(core::quantity what, const std::string& path);
  core::node_picture picture(const core::view& node, std::string path = {}) const;
  task<void> keep_stopped_known();
  bool plans_are_old() const;
  void refresh_plans();
  void tell_of_older_plans();
  std::vector<policy_status> status();
  std::vector<std::optional<core::reason>> protections();

  boost::asio::any_io_executor executor_;
  parts with_;
  trigger_options options_;
  core::keep_rules keep_;
  std::vector<entry_pointer> entries_;
  alert_book book_;
  disk_watch disks_;
  stopped_containers stopped_;
  not_safe_images not_safe_;
  wake_up look_wake_, run_wake_, idle_wake_, stopped_wake_, asked_wake_;
  std::shared_ptr<asked_sweep> asked_;  // waits, or is run

  bool look_asked_ = true;
  std::uint64_t looks_ = 0;  // ended
  std::uint64_t revision_ = 1;

  std::vector<std::string> paths_;
  moment paths_at_{0};
  std::string engine_id_;                          // as last seen by a look
  std::string known_id_;                           // whose memories were loaded
  std::string settled_id_;                         // whose crashed sweeps were settled
  moment try_storage_at_{0}, try_settling_at_{0};  // not before
  std::string storage_problem_;
  bool was_up_ = false;
  moment started_at_;  // of the agent or the engine: settle counts from here
  core::instant complete_at_{};
  moment complete_seen_at_{0};

  std::map<std::string, core::policy_memory> memories_;
  std::optional<core::pause_state> pause_;
  bool pause_known_ = false;
  bool was_paused_ = false;
  std::optional<std::int64_t> writes_seen_;
  core::instant watching_since_{};
  std::int64_t restored_counted_ = 0;      // since then
  std::set<std::int64_t> counted_sweeps_;  // ours, and those of others that were counted

  std::optional<std::chrono::steady_clock::time_point> swept_at_;  // the end of the last sweep, whoever ran it
  bool busy_ = false;                                              // a sweep is run
  bool ending_ = false;
  std::string running_policy_;
  bool reading_stopped_ = false;
  bool stopped_read_ = false;  // something new is known since the plans were made
  std::weak_ptr<const core::view> stopped_view_;

  // Readings that only another view changes.
  std::weak_ptr<const core::view> read_view_;
  std::array<std::optional<std::optional<double>>, core::all_quantities.size()> readings_{};

  // What status() was last made of.
  std::weak_ptr<const core::view> plans_view_;  // weak: an old view is not kept for being compared
  std::uint64_t plans_usage_ = 0, plans_disks_ = 0;
  std::optional<moment> plans_at_;
  std::optional<moment> told_of_;  // the plans made then are old: revision_ has grown for that
  std::weak_ptr<const core::view> protected_view_;
  std::optional<moment> protected_at_;
  std::vector<std::optional<core::reason>> protected_;
};

}  // namespace docksweep::app
