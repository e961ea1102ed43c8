// The record of sweeps and removals, as values: who asked, which rule, every reference, digest, layer and byte.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/layer_sizes.hpp"
#include "core/plan.hpp"

namespace docksweep::core {

enum class sweep_trigger { threshold, schedule, alert, manual };
inline constexpr std::array all_sweep_triggers{sweep_trigger::threshold, sweep_trigger::schedule, sweep_trigger::alert,
                                               sweep_trigger::manual};
std::string_view to_string(sweep_trigger trigger);

enum class sweep_outcome {
  running,      // also what a crash leaves behind, until it is settled
  reached,      // the goal is met, or the whole selection was worked off
  missed,       // worked off, and the goal is not met
  stopped,      // ended early by a person or a signal: pause, SIGTERM
  failed,       // ended early by a fault: the engine, the store, a partial view, engine_slow
  interrupted,  // the process died in it; settled at the next start
  observed,     // observe mode: planned and recorded, nothing removed
};
std::string_view to_string(sweep_outcome outcome);

struct sweep_record {
  std::int64_t id = 0;  // given by the history; unique in one state file
  std::string engine_id;
  std::string policy;  // empty: `docksweep remove`
  sweep_trigger trigger = sweep_trigger::manual;
  std::string actor;  // "agent", or who asked: "alice (uid 1000)", "token from 10.0.0.7"
  std::string cause;  // "disk 0.87 above 0.85 at /var/lib/docker", "schedule 0 2 * * *", "by hand"
  instant began{};
  std::optional<instant> ended;
  sweep_outcome outcome = sweep_outcome::running;
  std::string problem;                   // why it ended early or missed its goal; for people
  byte_range predicted;                  // what the plan said
  std::optional<byte_count> freed;       // by the engine's own lists; nullopt: the store cannot tell
  std::optional<byte_count> disk_freed;  // statvfs before and after; may be negative: others write too
  int planned = 0;                       // steps
  int removed = 0;
  int failed = 0;  // refused or failed removals
  bool operator==(const sweep_record&) const = default;
};

enum class removal_outcome {
  planned,    // on record, not attempted yet
  attempted,  // handed to the engine; what a crash leaves behind, until it is settled
  removed,    // the engine said so
  gone,       // somebody else was faster (404)
  kept,       // the re-check found a reason against it
  refused,    // the engine said that it is in use (409)
  failed,     // any other fault
  unknown,    // no answer in time, and no way to ask since
  skipped,    // the sweep ended before it came to this (goal met, stopped)
  foreign,    // removed by somebody else, outside of any sweep
};
std::string_view to_string(removal_outcome outcome);

// Whether what it was about is away, as far as anybody knows.
bool is_off_the_node(removal_outcome outcome);

struct removal_record {
  std::int64_t id = 0;        // given by the history
  std::int64_t sweep_id = 0;  // 0: foreign
  target_kind kind = target_kind::image;
  std::string object_id;                // image or container ID, volume name
  std::vector<std::string> references;  // every tag ("repository:tag"); container names
  std::vector<std::string> digests;     // every "repository@sha256:…"
  std::vector<std::string> layers;      // chain IDs, lowest first
  std::string platform;                 // "linux/amd64"; empty: unknown
  image_origin origin = image_origin::unknown;
  reason why = reason::selected;
  std::string rule;
  byte_range predicted;
  std::optional<byte_count> freed;
  instant at{};  // when it was put on record; then when it was attempted; then when it ended
  removal_outcome outcome = removal_outcome::planned;
  std::string problem;            // the engine's own words, or what the re-check found
  std::vector<std::string> also;  // IDs of untagged ancestors that went along
  std::string inspect;            // containers: the engine's whole answer
  std::string archive;            // the file that the image was saved to before it went; empty: none
  std::optional<instant> restored;  // docksweep restore has brought it back
  bool operator==(const removal_record&) const = default;
};

// Whether `docksweep restore` could bring it back: from its archive, or by a digest that a registry had. `maybe`: it has
// a digest, and nothing tells whether a registry has it, too (containerd image store); it is tried when asked for.
enum class restorable { yes, maybe, no };
struct restorability {
  restorable can = restorable::yes;
  std::string why;  // not, or in doubt; empty: it can
};
restorability restorability_of(const removal_record& removal, image_store store);
// The same without its archive.
restorability restorability_by_pull(const removal_record& removal, image_store store);

struct pause_state {
  instant since{};
  std::optional<instant> until;  // nullopt: until somebody resumes
  std::string reason;
  std::string actor;
  bool operator==(const pause_state&) const = default;
};
bool is_paused(const std::optional<pause_state>& state, instant now);

// What has to survive a restart about one policy on one engine.
struct policy_memory {
  std::string policy;
  std::optional<instant> last_began;  // newest automatic or manual run that did begin: cooldown counts from its end
  std::optional<instant> last_ended;
  std::optional<instant> last_scheduled;  // the newest scheduled moment that was run or counted as missed
  std::optional<instant> last_success;
  bool operator==(const policy_memory&) const = default;
};

// An image that a plan would have removed in observe mode: when it is used again within a day, that is a shadow regret.
struct shadow_removal {
  std::string policy;
  std::string image_id;
  std::vector<std::string> references;
  instant at{};
  bool operator==(const shadow_removal&) const = default;
};

}  // namespace docksweep::core
