// The port to the record of sweeps and removals, to pauses, and to what triggers remember. store/ implements it in the
// same SQLite file as app/store.hpp. What is saved is visible to other processes at once, and survives kill -9; what
// `begin_sweep` saves survives a power cut too. It goes on with a full disk (it holds room in reserve).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/alert_memory.hpp"
#include "app/engine.hpp"
#include "app/store.hpp"
#include "core/history.hpp"
#include "core/usage.hpp"

namespace docksweep::app {

// Held while a sweep runs; its end (or its process's) lets the next one begin.
class sweep_permit {
 public:
  virtual ~sweep_permit() = default;
};

struct history_query {
  std::string engine_id;  // empty: every engine
  std::optional<std::int64_t> sweep_id;
  std::optional<core::instant> since;
  std::string policy;               // empty: any
  std::size_t sweeps_at_most = 50;  // newest first
  bool with_removals = false;
};

struct history_page {
  std::vector<core::sweep_record> sweeps;  // newest first
  // Of these sweeps, each in the order of its plan; then foreign ones, newest first, at most 1,000 (where neither a
  // sweep nor a policy was asked for).
  std::vector<core::removal_record> removals;
};

class history {
 public:
  virtual ~history() = default;

  // False while the record lives in memory only: it does not survive the process, and nothing is enforced.
  virtual bool durable() const = 0;

  // The sole right to sweep this engine, across processes (a lock on a file beside the state; OFD fcntl lock). A null
  // permit: another sweep runs (store::sweep_holder says whose). Fails when the lock file cannot be made, and where the
  // state is read only.
  virtual task<core::result<std::unique_ptr<sweep_permit>>> try_to_sweep(std::string engine_id) = 0;

  // Puts the sweep and all its removals on record (outcomes `running` and `planned`), durably, in one transaction, and
  // gives IDs to all of them.
  virtual task<core::result<void>> begin_sweep(core::sweep_record& sweep,
                                               std::vector<core::removal_record>& removals) = 0;
  virtual task<core::result<void>> update_removal(core::removal_record removal) = 0;  // by its id
  virtual task<core::result<void>> end_sweep(
      core::sweep_record sweep) = 0;  // what is still `planned` becomes `skipped`
  virtual task<core::result<void>> record_foreign(std::string engine_id, std::vector<core::removal_record> gone) = 0;

  virtual task<core::result<history_page>> load_history(history_query query) = 0;
  // Sweeps of this engine that are `running` although nobody holds the permit, with their removals that are `planned`
  // or `attempted`: what a crash left. Call with the permit in hand.
  virtual task<core::result<history_page>> unsettled(std::string engine_id) = 0;
  // Image removals by docksweep since a moment, newest first (regret; telling foreign removals from our own): those
  // that are `removed`, and those that may have been (`attempted`, `unknown`): another process may be at it right now.
  virtual task<core::result<std::vector<core::removal_record>>> removed_since(std::string engine_id,
                                                                              core::instant since) = 0;
  // That `docksweep restore` has brought back what this removal took. Nothing else of its record changes: a sweep or a
  // settling may be writing that.
  virtual task<core::result<void>> mark_restored(std::int64_t removal, core::instant at) = 0;
  // How many images `docksweep restore` has brought back since a moment.
  virtual task<core::result<std::int64_t>> count_restored_since(std::string engine_id, core::instant since) = 0;
  virtual task<core::result<void>> forget_history_before(core::instant when) = 0;

  virtual task<core::result<std::optional<core::pause_state>>> load_pause() = 0;
  virtual task<core::result<void>> save_pause(std::optional<core::pause_state> pause) = 0;

  virtual task<core::result<std::map<std::string, core::policy_memory>>> load_policies(std::string engine_id) = 0;
  // Of each moment the later one stays, so that agent and commands do not undo each other's (one that lies in the
  // future gives way: a clock was wrong). What is nullopt changes nothing.
  virtual task<core::result<void>> save_policy(std::string engine_id, core::policy_memory memory) = 0;

  virtual task<core::result<std::vector<core::shadow_removal>>> load_shadows(std::string engine_id,
                                                                             core::instant since) = 0;
  // Adds those whose (policy, image) is not there yet, and renews the moment of the others.
  virtual task<core::result<void>> save_shadows(std::string engine_id, std::vector<core::shadow_removal> shadows) = 0;
  virtual task<core::result<void>> forget_shadow(std::string engine_id, std::string policy, std::string image_id) = 0;

  virtual task<core::result<std::vector<core::use_record>>> load_image_use(std::string engine_id) = 0;
  virtual task<core::result<void>> save_image_use(std::string engine_id, core::use_book::changes changes) = 0;
  virtual task<core::result<std::vector<core::use_record>>> load_volume_use(std::string engine_id) = 0;
  virtual task<core::result<void>> save_volume_use(std::string engine_id, core::use_book::changes changes) = 0;

  // Wall clock and boot clock of the last save, for telling a jump of the clock from time that passed: on the boot that
  // it was made on. The caller compares boot IDs. nullopt: none was saved.
  struct clock_mark {
    std::string boot_id;
    core::instant wall{};
    std::chrono::nanoseconds boot{0};  // CLOCK_BOOTTIME
  };
  virtual task<core::result<std::optional<clock_mark>>> load_clock_mark() = 0;
  virtual task<core::result<void>> save_clock_mark(clock_mark mark) = 0;

  // Grows whenever another process has written (PRAGMA data_version): ask it to know whether to read again.
  virtual task<core::result<std::int64_t>> writes_by_others() = 0;
};

// The whole state file.
class state : public store, public history, public alert_memory {
 public:
  bool durable() const override = 0;  // one answer for both
};

}  // namespace docksweep::app
