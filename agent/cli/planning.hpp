// What a command needs to make plans: the node as it is now, and what an agent knows of its past. Shared by plan,
// explain, sweep, remove and images.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/stopped_containers.hpp"
#include "cli/local_disks.hpp"
#include "cli/node_reader.hpp"
#include "cli/session.hpp"
#include "core/plan.hpp"

namespace docksweep::cli {

struct planning_wish {
  bool disks = true;       // measure the watched file systems: for goals
  bool containers = true;  // inspect those that stand still: for plans that may remove containers
};

struct node_facts {
  explicit node_facts(app::remover& engine) : stopped(engine) {}
  node_facts(const node_facts&) = delete;
  node_facts& operator=(const node_facts&) = delete;

  core::node_picture picture() const {
    return {.node = *read.view, .usage = usage, .disks = disks.found, .stopped = stopped.known(), .trigger_path = {}};
  }

  node_reading read;
  core::node_usage usage;
  std::string why_usage_is_new;  // for people: why every image counts as used just now; empty: an agent watches
  measured_disks disks;
  app::stopped_containers stopped;
  int unread_containers = 0;
};

// Reads all of it. Fails where node_reader does; a state that cannot be read is no failure: then everything counts as
// used now, and `why_usage_is_new` says so.
app::task<core::result<std::unique_ptr<node_facts>>> read_node(session& with, planning_wish wish);

// What the reading could not tell, on stderr. `uses`: also why every image counts as used just now.
void say_what_is_unknown(const node_facts& facts, bool uses = true);

// The policy of that name; null after a message that names those there are.
const core::policy* policy_or_complain(const config::settings& settings, std::string_view name);

// Says on stderr that removals are paused, if they are.
app::task<void> say_if_paused(session& with);
// True after a complaint: they are, and nothing may be removed.
app::task<bool> complain_if_paused(session& with);

}  // namespace docksweep::cli
