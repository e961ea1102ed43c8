// What holds a sweep up: a stop (SIGTERM), a pause by a person, an engine that is slow or lost. Every wait of a sweep
// is here, and every one ends when the sweep is told to stop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/sweeper.hpp"
#include "app/wake_up.hpp"

namespace docksweep::app {

// Why a sweep ends before its list does.
struct sweep_end {
  core::sweep_outcome outcome = core::sweep_outcome::failed;
  std::string problem;  // for people
};

// What an engine said to a removal, whatever was removed.
struct removal_answer {
  std::vector<std::string> untagged;      // images
  std::vector<std::string> deleted;       // images: IDs and chain IDs
  std::optional<core::byte_count> freed;  // build cache
};

class sweep_brake {
 public:
  // References outlive the brake.
  sweep_brake(boost::asio::any_io_executor executor, container_engine& engine, history& record,
              const sweeper_options& options);

  void stop(std::string why);
  const std::optional<std::string>& stopped() const { return stopped_; }

  // Why no further removal may begin at this moment: a stop, a pause, or a record that cannot be asked about one.
  task<std::optional<sweep_end>> hold();

  // Waits; false: a stop came first.
  task<bool> rest(std::chrono::milliseconds time);

  // Until a lost engine answers again; false: it did not within options.engine_back, or a stop came first. It is asked
  // once whatever came: what became of the removal in hand is looked up after a stop, too.
  task<bool> await_engine();

  // Waits for what comes before a removal; false: a stop came first, and the call was cancelled. Throws what it throws.
  task<bool> until_stopped(task<void> call);

  // Waits for a removal in hand; nullopt: a stop came, and the time that it grants is over. Throws what the call
  // throws.
  task<std::optional<core::result<removal_answer>>> in_hand(task<core::result<removal_answer>> call);

 private:
  task<void> until_stop();
  task<void> grace_over();

  wake_up changed_;
  container_engine& engine_;
  history& record_;
  const sweeper_options& options_;
  std::optional<std::string> stopped_;
};

// Ends the coroutine as a cancelled one when the failure says that we stopped the call ourselves.
void throw_if_cancelled(const core::failure& why);
// Whether a failure says something about the engine (it is not there, or too slow), and nothing about the object that it
// was asked about. Ends a cancelled coroutine as throw_if_cancelled does.
bool is_engines_own(const core::failure& why);

}  // namespace docksweep::app
