// What a policy is: when it starts, what it removes and what it keeps, where it stops. Values without behaviour over
// time; config builds them from TOML, the planner and the triggers read them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"
#include "core/matcher.hpp"
#include "core/pattern.hpp"
#include "core/quantity.hpp"
#include "core/schedule.hpp"

namespace docksweep::core {

enum class mode { observe, enforce };  // observe: plan, explain, export; enforce: sweep
std::string_view to_string(mode value);

// "k" (whatever its value) or "k=v".
struct label_rule {
  std::string key;
  std::optional<std::string> value;
  static parsed<label_rule> parse(std::string_view text);
  bool matches(const label_list& labels) const;
  std::string text() const;
  bool operator==(const label_rule&) const = default;
};

// What is never removed. A policy holds a complete copy: the general [keep] with its own keys put over it.
struct keep_rules {
  duration min_age = std::chrono::hours(1);  // since first seen or last used on this node, never since the build date
  bool local_only = true;                    // tagged images that no registry is known to have
  bool ask_registry = false;
  bool digest_only = false;           // images known by digest alone (every Swarm service image)
  std::vector<glob> images;           // any name or digest that matches holds the image
  std::optional<regex> images_regex;  // searched in names as the engine spells them
  std::vector<label_rule> labels = {{.key = "docksweep.keep", .value = std::nullopt}};
  std::vector<glob> containers;  // on container names
  int per_repository = 0;        // the newest N tags of each repository, by arrival
  bool operator==(const keep_rules&) const = default;
};

// What is measured to start and to stop a policy.
enum class quantity { disk, inodes, disk_free, images_bytes, reclaimable, images, dangling, exited };
inline constexpr std::array all_quantities{quantity::disk,         quantity::inodes,      quantity::disk_free,
                                           quantity::images_bytes, quantity::reclaimable, quantity::images,
                                           quantity::dangling,     quantity::exited};
enum class quantity_unit { ratio, bytes, count };
std::string_view to_string(
    quantity value);  // "disk", "disk_free", …: the metric label, and the stem of the config keys
quantity_unit unit_of(quantity value);
std::string when_key(quantity value);   // "disk_above", "disk_free_below": the key under `when`
std::string until_key(quantity value);  // "disk_below", "disk_free_above": the key under `until`
bool can_be_goal(quantity value);       // whether `until` knows it

struct threshold {
  quantity what = quantity::disk;
  double value = 0;  // a ratio from 0 to 1, bytes, or a count: unit_of(what)
  bool operator==(const threshold&) const = default;
};

// A `when` threshold fires above its value, disk_free below it.
bool fires(const threshold& trigger, double measured);
// An `until` threshold is met below its value, disk_free above it.
bool met(const threshold& goal, double measured);

// Any of these starts the policy; with none it runs by hand only.
struct trigger_rules {
  std::optional<cron> schedule;
  std::vector<label_matcher> alerts;  // one alert must satisfy all
  std::vector<threshold> quantities;
  duration hold = std::chrono::seconds(30);  // `for`: how long a quantity must stay beyond its threshold
  std::string time_zone = "UTC";             // of schedule, windows and never
  const date::time_zone* zone = nullptr;     // null: UTC
  bool operator==(const trigger_rules&) const = default;
};

enum class image_order { lru, oldest, largest };  // least recently used; by arrival; by bytes it alone frees now
std::string_view to_string(image_order value);

struct image_selection {
  bool only_dangling = false;  // else every image not in use, dangling ones included
  std::optional<duration> unused_for;
  std::vector<glob> references;    // selects when every tag matches one of these
  std::vector<label_rule> labels;  // any of these
  std::optional<byte_count> larger_than;
  image_order order = image_order::lru;
  bool untag = false;  // also remove references that free nothing
  bool operator==(const image_selection&) const = default;
};

struct name_rule {
  glob pattern;
  bool excluded = false;  // written with a leading "!"
  static parsed<name_rule> parse(std::string_view text);
  std::string text() const;
  bool operator==(const name_rule&) const = default;
};

struct container_selection {
  std::vector<container_state> states = {container_state::exited,
                                         container_state::dead};  // created may be added, no other
  duration stopped_for = std::chrono::hours(1);
  std::vector<name_rule> names;    // none that is not excluded: every name
  std::vector<label_rule> labels;  // any of these
  bool operator==(const container_selection&) const = default;
};

struct build_cache_selection {
  byte_count over = 0;  // bytes to keep
  bool operator==(const build_cache_selection&) const = default;
};

struct volume_selection {  // anonymous ones, or those whose name matches; at least one of the two is set
  bool anonymous = false;
  std::vector<glob> names;
  std::optional<duration> unused_for;
  bool operator==(const volume_selection&) const = default;
};

struct removal_rules {  // what is not named is not touched
  std::optional<image_selection> images;
  std::optional<container_selection> containers;
  std::optional<build_cache_selection> build_cache;
  std::optional<volume_selection> volumes;
  bool operator==(const removal_rules&) const = default;
};

struct run_limits {
  std::optional<int> images;
  std::optional<byte_count> bytes;  // predicted ones
  bool operator==(const run_limits&) const = default;
};

struct policy {
  std::string name;
  std::optional<core::mode> own_mode;     // as the policy says; unset: the general one
  core::mode mode = core::mode::observe;  // what applies: observe anywhere wins
  trigger_rules when;
  std::vector<threshold> until;  // all must hold; none: the whole selection goes
  removal_rules remove;
  keep_rules keep;
  run_limits limits;
  duration cooldown = std::chrono::minutes(10);
  std::vector<time_window> windows;  // none: always
  std::vector<time_window> never;
  duration splay{0};
  std::string archive;  // absolute path of a folder; empty: none
  bool operator==(const policy&) const = default;
};

bool removes_more_than_dangling(const removal_rules& rules);
// Whether windows and never let an automatic run start at this moment.
bool in_window(const policy& which, instant now);

// What contradicts itself in a policy. `key` says where, from the policy's own table: "until.disk_below".
struct policy_fault {
  std::string key;
  std::string message;
  bool operator==(const policy_fault&) const = default;
};
std::vector<policy_fault> check(const policy& which);

// 1 to 63 of A-Z a-z 0-9 _ . -, beginning and ending with a letter or digit: what Kubernetes takes as a label value,
// and what needs no escape in a URL, a metric or a log line.
bool is_policy_name(std::string_view text);

}  // namespace docksweep::core
