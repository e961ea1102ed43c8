// What a policy would remove from a node now, in which order, what that frees, and why everything else stays.
// Pure and deterministic: the same input gives the same plan, whatever the order of the listing; ties break by ID.
// POLICY.md, "The plan", is its contract.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/layer_sizes.hpp"
#include "core/policy.hpp"
#include "core/usage.hpp"
#include "core/view.hpp"

namespace docksweep::core {

// In the order in which a run goes through them.
enum class target_kind { container, build_cache, image, volume };
inline constexpr std::array all_target_kinds{target_kind::container, target_kind::build_cache, target_kind::image,
                                             target_kind::volume};
std::string_view to_string(target_kind kind);

enum class verdict_action { keep, remove };
std::string_view to_string(verdict_action action);

// Why something stays, in order of precedence, and `selected` for what goes. One enum for verdicts, logs and metrics.
enum class reason {
  in_use,
  unreadable,
  label,
  reference,
  regex,
  container,
  per_repository,
  digest_only,
  local_only,
  min_age,
  not_selected,
  frees_nothing,
  limit,
  goal_reached,
  selected,
};
inline constexpr std::array all_reasons{
    reason::in_use,       reason::unreadable,     reason::label,       reason::reference,    reason::regex,
    reason::container,    reason::per_repository, reason::digest_only, reason::local_only,   reason::min_age,
    reason::not_selected, reason::frees_nothing,  reason::limit,       reason::goal_reached, reason::selected};
// Those of them by which a keep rule protects an image: label values of docksweep_images_protected.
inline constexpr std::array protecting_reasons{reason::label,      reason::reference,      reason::regex,
                                               reason::container,  reason::per_repository, reason::digest_only,
                                               reason::local_only, reason::min_age};
std::string_view to_string(reason why);

struct verdict {
  target_kind kind = target_kind::image;
  std::string id;
  verdict_action action = verdict_action::keep;
  reason why = reason::not_selected;
  std::uint32_t rule = 0;  // into plan::rules: the key and value that decided, "keep.min_age = 1h"
  // When this reason stops holding by time alone (min_age, unused_for, stopped_for); nullopt: not by time.
  std::optional<instant> eligible_at;
};

// What has to be done before an image may go, so that it can be had back. Where neither can, the image stays
// (local_only).
struct safeguards {
  bool ask_registry = false;  // whether a registry still has one of its digests (keep.ask_registry)
  bool archive = false;       // save it to the policy's archive, unless the registry was asked and has it
  bool any() const { return ask_registry || archive; }
  bool operator==(const safeguards&) const = default;
};

// For people: "saved to /backup first", "a registry is asked for it first"; empty where nothing comes before.
std::string to_string(const safeguards& first, std::string_view archive);

struct plan_step {
  target_kind kind = target_kind::image;
  std::string id;  // container or image ID, volume name; empty for the build cache
  // Image: its references in the order in which they go, one by one; none: it goes by its ID. Container: its names.
  std::vector<std::string> names;
  byte_range freed;               // by this step, after those before it
  byte_range cumulative;          // by all steps up to this one
  std::uint32_t after_step = 0;   // number (from 1) of the step that sets this free; 0: free already
  std::uint32_t rule = 0;         // into plan::rules: what selected it
  std::vector<std::string> also;  // IDs of untagged ancestors that go with it
  byte_count keep_bytes = 0;      // build cache: how much is to stay
  safeguards first;               // images: what comes before the removal
};

// One condition of `until`, as it stands.
struct plan_goal {
  quantity what = quantity::disk;
  double now = 0;  // ratio, bytes or count; NaN: not known (no file system was measured)
  double target = 0;
  std::string path;  // of disk, inodes, disk_free: the watched path that is meant
  bool met = false;
  bool predictable = true;            // inodes are not
  std::optional<byte_count> lacking;  // bytes that are to go until it is met; nullopt: not a matter of bytes
};

struct blocker {
  reason why = reason::in_use;
  std::int64_t count = 0;  // images that this reason keeps
  byte_range bytes;        // what these images alone, as a set, would free
};

struct plan {
  std::string policy;
  instant made_at{};
  instant inventory_at{};
  std::vector<plan_goal> goals;  // none: the whole selection goes
  std::vector<plan_step> steps;
  std::optional<std::uint32_t> goal_step;  // number (from 1) of the step that reaches all goals; 0: met already
  std::optional<byte_count> shortfall;     // bytes that lack after the last step (at least freed); 0: reached
  std::vector<blocker> blockers;           // only where there is a shortfall; most bytes first
  std::vector<verdict> verdicts;           // every container, then every image, in order of ID
  std::vector<std::string> rules;          // texts that verdicts and steps refer to
  // The view was partial (entries without a readable ID): such a plan may be shown, and is never run.
  bool partial = false;

  byte_range freed() const { return steps.empty() ? byte_range{} : steps.back().cumulative; }
  std::int64_t images() const;  // steps that remove an image
  const std::string& rule_text(const verdict& of) const { return rules[of.rule]; }
};

// What only an inspect tells about a container that stands still. A stopped container without it is `unreadable`.
struct container_details {
  std::string id;
  std::optional<instant> finished_at;        // nullopt: it never ran (0001-01-01 in the API)
  std::string restart_policy;                // "no", "always", "unless-stopped", "on-failure"
  std::optional<byte_count> writable_bytes;  // SizeRw
  std::string image_id;                      // what it was made of
  container_state state = container_state::running;
  std::string inspect;  // the engine's whole answer, for the record
};
using container_details_by_id = std::unordered_map<std::string, container_details>;

using image_ids = std::unordered_set<std::string>;

// Everything about a node that a plan is made of. Refers to its parts: they outlive the call.
struct node_picture {
  const view& node;
  const node_usage& usage;
  std::span<const file_system> disks;      // watched paths that were measured
  const container_details_by_id& stopped;  // by container ID
  std::string trigger_path;  // the watched path that started the run: its own must recover; empty: the fullest
  // Images whose safeguards failed lately: they stay (local_only) where a safeguard comes before their removal.
  const image_ids* not_safe = nullptr;
};

plan make_plan(const node_picture& picture, const policy& which, instant now);

// What `docksweep plan` without a name shows, and what `images` takes its verdicts from: everything unused, under the
// general keep rules, no goal.
policy everything_unused(const keep_rules& keep);

// The value of a quantity now; nullopt: not known. For disk and inodes the fullest of the watched paths (or the
// picture's trigger_path, if that is among them). images counts what `docker images` lists (intermediate ones are not),
// images_bytes each layer once (at most), reclaimable what removing every image not in use would free at least;
// disk_free is that of the path with the least.
std::optional<double> measure(quantity what, const node_picture& picture);

// Every rule that speaks for or against one image, in order of precedence; the first that holds decides.
struct finding {
  reason why = reason::in_use;
  bool holds = false;
  std::string rule;    // "keep.min_age = 1h"
  std::string detail;  // for people: "used 12 minutes ago by container web (running)"
  std::optional<instant> until;
};
// `index`: into the view's images. Containers that the policy removes hold nothing. Exactly one finding about the plan
// itself (frees_nothing, limit, goal_reached) is there where it decides; `selected` always comes last.
std::vector<finding> explain(const node_picture& picture, std::size_t index, const policy& which, instant now);

// The first keep rule that protects each image from any removal by this `keep` (beside the view's images; nullopt:
// none does, or no rule is needed: the image is in use, or intermediate).
std::vector<std::optional<reason>> protections(const node_picture& picture, const keep_rules& keep, instant now);

}  // namespace docksweep::core
