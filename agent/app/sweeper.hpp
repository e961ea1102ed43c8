// Works off a plan: record → re-check → remove → record → report, one removal at a time, until the measured goal is met
// or the list ends. It never adds anything to the list, never forces, and stops between two removals when it is told
// to. The same code runs in observe mode, up to the call that would remove.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/archive.hpp"
#include "app/disks.hpp"
#include "app/history.hpp"
#include "app/log.hpp"
#include "app/remover.hpp"
#include "app/sweep_telemetry.hpp"
#include "core/history.hpp"
#include "core/plan.hpp"
#include "core/view.hpp"

namespace docksweep::app {

struct sweep_request {
  core::policy policy;                      // an empty name: `docksweep remove`
  core::plan plan;                          // exactly this list runs, minus what fails its re-check
  std::shared_ptr<const core::view> node;   // what the plan was made of: references, digests, layers for the record
  const core::node_usage* usage = nullptr;  // origins for the record; read before the first suspension; may be null
  // What the plan knew of containers that stand still; read before the first suspension; may be null.
  const core::container_details_by_id* stopped = nullptr;
  // File systems whose free space is compared before and after. Empty: those of the goals, else the engine's root.
  std::vector<std::string> watched_paths;
  core::sweep_trigger trigger = core::sweep_trigger::manual;
  std::string actor;
  std::string cause;
  // Whether the image or volume of a step was used after the plan was made, containers that have ended since included:
  // asked right before each removal, where a keep rule goes by use. Null, or false: not that anybody knows.
  std::function<bool(const core::plan_step&)> used_since;
  bool enforce = false;  // false: observe, whatever the policy says
};

// Who follows a sweep: the progress bar, the page, the API. Called on the sweeper's thread; must not wait.
struct sweep_progress {
  std::int64_t sweep_id = 0;
  int step = 0, steps = 0;         // steps ended, of the plan
  core::byte_count freed = 0;      // so far, at least
  core::byte_count predicted = 0;  // what the plan frees at least until its goal
  std::string current;             // what is being removed, for people
};
struct sweep_observer {
  std::function<void(const sweep_progress&)> progress;
  std::function<void(const core::removal_record&)> ended;  // each removal, whatever its outcome
};

// Why a sweep did not begin: nothing was put on record, nothing removed.
struct sweep_refusal {
  skip_reason why = skip_reason::running;
  std::string message;    // for people: what, and what to do
  bool is_fault = false;  // not a reason to wait but something broken (no durable state, lock file cannot be made)
};

struct sweeper_options {
  std::chrono::milliseconds slow = std::chrono::seconds(2);       // a listing slower than this pauses the sweep
  std::chrono::milliseconds too_slow = std::chrono::seconds(30);  // and slower than this ends it (engine_slow)
  std::chrono::milliseconds rest = std::chrono::seconds(5);  // how long a pause is, before the engine is asked again
  std::chrono::milliseconds rests_at_most = std::chrono::minutes(10);    // and after so many of them the sweep ends
  std::chrono::milliseconds grace = std::chrono::seconds(60);            // a stop waits so long for the removal in hand
  std::chrono::milliseconds engine_back = std::chrono::seconds(30);      // a lost engine is waited for
  std::chrono::milliseconds ask_again = std::chrono::milliseconds(500);  // … and asked so often
  // Engines free bytes late (containerd always): so long is waited at the end before a goal counts as missed.
  std::chrono::milliseconds lag = std::chrono::seconds(2);
  std::function<core::instant()> now = std::chrono::system_clock::now;
  std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;  // times the engine
};

class sweeper {
 public:
  // All references outlive the sweeper. One sweep at a time in it, and (through the history's permit) on the engine.
  sweeper(container_engine& engine, history& record, disks& file_systems, image_archive& archive,
          sweep_telemetry& counts, log_sink& log, sweeper_options options = {});
  ~sweeper();

  // Runs to the end of the plan, its goal, or a stop. What the sweep came to is the record's outcome; a refusal means
  // that it did not begin. Cancelling the coroutine leaves the removal in hand `attempted` on record (settled later);
  // to end in good order call stop() and wait.
  task<std::expected<core::sweep_record, sweep_refusal>> run(sweep_request request, sweep_observer observer = {});

  // No further removal begins; the one in hand is waited for (SIGTERM, pause, resume of another configuration).
  void stop(std::string why);
  bool running() const;

  // What a crash left on record: asks the engine about each removal that was attempted or planned, and writes down the
  // truth. Needs the permit. Returns how many sweeps it settled; nullopt: another process sweeps, ask again later.
  task<core::result<std::optional<int>>> settle(std::string engine_id);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace docksweep::app
