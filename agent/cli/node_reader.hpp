// Reads a node once, for a command: images, containers, and what is needed to know which bytes an image holds alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "app/engine.hpp"
#include "app/live_inventory.hpp"
#include "app/store.hpp"
#include "core/view.hpp"

namespace docksweep::cli {

struct reading_wish {
  bool layers = false;           // inspect and history of every image that the store does not know
  bool container_sizes = false;  // the engine walks every writable layer: slow
  // Volumes and build cache: an answer that an agent has kept and that is younger than this will do …
  std::chrono::milliseconds disk_at_most_old = std::chrono::milliseconds(0);
  // … else the engine is asked, and given so long (it walks every volume). Zero: it is not asked.
  std::chrono::milliseconds disk_patience = std::chrono::milliseconds(0);
};

struct node_reading {
  std::shared_ptr<const core::view> view;
  int unknown_layers = 0;        // images whose layers could not be read: figures about them are bounds
  std::string layers_problem;    // the first reason for that
  std::string disk_problem;      // why there is no disk usage; empty: there is, or nobody wished for it
  bool disk_from_agent = false;  // an agent has asked for it, view->what().disk->made_at says when
};

class node_reader {
 public:
  // `memory`: what an agent has kept; null: everything is asked of the engine.
  node_reader(app::engine& source, app::store* memory);

  // Fails when the engine cannot be reached or one of the two listings fails.
  app::task<core::result<node_reading>> read(reading_wish wish);

 private:
  app::task<core::result<void>> list(bool container_sizes);
  app::task<void> read_layers();
  app::task<void> read_disk(reading_wish wish);
  app::task<void> ask_for_disk(std::chrono::milliseconds patience);

  app::engine& source_;
  app::store* memory_;
  app::live_inventory inventory_;
  node_reading found_;
};

}  // namespace docksweep::cli
