// One step of a plan: re-check, put on record, remove, put on record what became of it. The same code runs in observe
// mode, up to the record of the attempt.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/archive.hpp"
#include "app/disks.hpp"
#include "app/recheck.hpp"
#include "app/sweep_brake.hpp"

namespace docksweep::app {

struct removal_parts {
  container_engine& engine;
  history& record;
  disks& file_systems;
  image_archive& archive;
  sweep_telemetry& counts;
  log_sink& log;
  sweep_brake& brake;
  const sweeper_options& options;
};

struct removal_task {
  const core::plan_step& step;
  core::removal_record& record;  // brought up to date, in memory and in the history
  const core::view& node;        // what the plan was made of
  const removed_containers& without;
  known_container container;           // what the plan knew, of a container
  std::optional<std::uint32_t> image;  // place in the view, of an image
  std::string archive;       // folder of the policy's archive; empty: none
  const std::vector<std::string>& engine_paths;  // where the engine keeps what it has
  bool enforce = false;
  std::function<bool()> used_since;  // since the plan was made; null: it does not matter
  bool may_stay = false;  // untag: names may go although the image stays as the parent of others
};

class step_removal {
 public:
  // All references outlive it.
  step_removal(removal_parts with, removal_task what)
      : with_(with), task_(std::move(what)), check_(with.engine, with.brake, with.log, with.options) {}

  // To the end of this step. What became of it is in the record; nullopt: the sweep goes on with the next one.
  task<std::optional<sweep_end>> run();

  // Whether the removal would have been made, but for observe mode.
  bool observed() const { return observed_; }
  // Whether the object is gone, and not only some of its names.
  bool object_gone() const { return gone_; }

 private:
  enum class presence { gone, there, unknown };
  struct look_result {
    presence what = presence::unknown;
    std::vector<std::string> names;  // images
    std::string problem;
  };

  task<void> remove_image();
  task<bool> make_safe(std::string name);    // safeguards.cpp: what comes before an image's removal
  task<bool> look_before(std::string name);
  task<void> ask_registries();
  task<void> save_to_archive();
  task<bool> remove_name(std::string name);  // false: this step is over
  task<bool> judge_name(std::string name, std::optional<core::result<removal_answer>> answer);
  task<bool> name_uncertain(std::string name, core::failure why);
  task<bool> name_is_gone(std::string name);
  bool still_there(const look_result& seen);
  task<void> after_last_name();
  task<void> after_untagging(std::vector<std::string> left);
  std::optional<std::string> own_digest_left(const std::vector<std::string>& left) const;
  task<void> give_back();
  void image_is_gone(std::string problem = {});
  known_image planned_image() const;

  task<void> remove_whole();  // containers, build cache, volumes
  task<recheck_result> recheck_whole();
  task<void> judge_whole(std::optional<core::result<removal_answer>> answer, core::byte_count known_bytes);

  task<bool> cleared();      // no stop, no pause, and on record as attempted; false: this step is over
  task<look_result> look();  // after an answer that tells nothing
  task<look_result> look_once();
  task<core::result<removal_answer>> remove(std::string name);
  // Whether it may go, by the re-check and by its use since; why not is written down.
  bool passes(const recheck_result& found);
  void failed(core::removal_outcome outcome, removal_failure why, std::string problem);
  void end(core::sweep_outcome outcome, std::string problem);
  task<void> write_down();
  std::optional<core::byte_count> image_bytes() const;
  void name_ancestors();

  removal_parts with_;
  removal_task task_;
  recheck check_;
  std::optional<sweep_end> end_;
  bool registry_has_it_ = false;
  std::string not_safe_;  // why it cannot be had back
  bool attempted_ = false;
  bool observed_ = false;
  bool gone_ = false;
  bool acted_ = false;                 // the engine took our word, or seems to have
  bool by_engine_ = false;             // gone by the engine's own list
  bool half_done_ = false;             // a name went although the engine answered with an error
  std::vector<std::string> untagged_;  // names that we took away
  std::vector<std::string> lost_;      // digests that went along with them
  std::vector<std::string> deleted_;   // what the engine listed
};

}  // namespace docksweep::app
