// The look at an object, and at who holds it, just before its removal: a plan is minutes old, and a tag moves, a
// container is created, in less.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/sweep_brake.hpp"

namespace docksweep::app {

struct recheck_result {
  enum class kind {
    clear,  // nothing speaks against it
    gone,   // there is no such object, or name, any more
    keep,   // something does: `why`, `problem`
    slow,   // the engine is slow: asked again after a rest
    lost,   // the engine does not answer: asked again when it does
    end,    // the whole sweep ends: `outcome`, `problem`
  };
  kind what = kind::clear;
  core::reason why = core::reason::selected;
  std::string problem;
  core::sweep_outcome outcome = core::sweep_outcome::failed;
  core::container_details container;  // of a container that is clear
};

// Containers that earlier steps of this sweep have removed, or in observe mode would have: they hold nothing.
using removed_containers = std::unordered_set<std::string>;

// What the plan knew of an image.
struct known_image {
  std::string id;
  const removed_containers& without;
  std::vector<std::string> names;  // tags and digests of the view, and those of the step: any other one is new
};

struct known_volume {
  std::string name;
  const removed_containers& without;
};

// What the plan knew of a container.
struct known_container {
  std::string id;
  core::container_state state = core::container_state::exited;
  std::string image_id;                      // empty: not known
  bool knows_end = false;                    // whether finished_at is what the plan knew
  std::optional<core::instant> finished_at;  // else it must not have ended after `planned_at`
  core::instant planned_at{};
};

class recheck {
 public:
  recheck(container_engine& engine, sweep_brake& brake, log_sink& log, const sweeper_options& options)
      : engine_(engine), brake_(brake), log_(log), options_(options) {}

  // `asked`: the name that is to go, or the ID. Results: clear, gone (that name), keep or end.
  task<recheck_result> image(std::string asked, known_image planned);
  task<recheck_result> container(known_container planned);
  task<recheck_result> volume(known_volume planned);

 private:
  using moment = std::chrono::steady_clock::time_point;
  task<recheck_result> image_once(std::string asked, const known_image& planned);
  task<recheck_result> image_holders(const known_image& planned, std::vector<std::string> names);
  task<recheck_result> container_once(const known_container& planned);
  task<recheck_result> volume_once(const known_volume& planned);
  std::optional<recheck_result> pace(moment asked_at) const;
  // Whether to ask again; false: `found` stands (as `end` when there is nothing to wait for any more).
  task<bool> again(recheck_result& found, std::chrono::milliseconds& rested);

  container_engine& engine_;
  sweep_brake& brake_;
  log_sink& log_;
  const sweeper_options& options_;
};

}  // namespace docksweep::app
