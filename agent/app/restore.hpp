// Brings back what was removed: pulls by digest or loads from an archive, checks that it is the image that went, gives
// its tags back unless somebody has given them to another image since, and puts it on record. Safe to repeat.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/archive.hpp"
#include "app/history.hpp"
#include "app/log.hpp"
#include "app/remover.hpp"
#include "core/restoration.hpp"

namespace docksweep::app {

struct restore_observer {
  std::function<void(std::size_t number, const core::restoration&, const std::string& source)> begins;  // an attempt
  std::function<void(const transfer_progress&)> progress;                                              // of a pull
  std::function<void(const core::restored_image&)> ended;
};

struct restore_parts {
  container_engine& engine;
  history& record;
  image_archive& archive;
  log_sink& log;
  core::image_store store = core::image_store::graphdriver;
  std::function<core::instant()> now = std::chrono::system_clock::now;
};

// One after the other; a failure does not stop the rest. Holds the right to sweep this engine, so that nothing of it is
// swept away before it has its names. Fails when another process sweeps (conflict), or the lock cannot be had.
task<core::result<std::vector<core::restored_image>>> restore(restore_parts with, std::string engine_id, std::string actor,
                                                        std::vector<core::restoration> wanted,
                                                        restore_observer observer);

}  // namespace docksweep::app
