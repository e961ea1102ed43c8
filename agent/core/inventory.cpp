// Names of the enumerations in inventory.hpp, as metrics, JSON and tables spell them, and what is asked of one value.
#include "core/inventory.hpp"

namespace docksweep::core {

std::string_view to_string(image_store store) {
  return store == image_store::containerd ? "containerd" : "graphdriver";
}

bool same_storage(const engine_identity& one, const engine_identity& other) {
  return one.store == other.store && one.storage_driver == other.storage_driver && one.root_dir == other.root_dir;
}

std::string_view to_string(container_state state) {
  switch (state) {
    case container_state::created:
      return "created";
    case container_state::running:
      return "running";
    case container_state::paused:
      return "paused";
    case container_state::restarting:
      return "restarting";
    case container_state::removing:
      return "removing";
    case container_state::exited:
      return "exited";
    case container_state::dead:
      return "dead";
  }
  return "running";
}

bool is_live(container_state state) {
  switch (state) {
    case container_state::running:
    case container_state::paused:
    case container_state::restarting:
    case container_state::removing:
      return true;
    case container_state::created:
    case container_state::exited:
    case container_state::dead:
      break;
  }
  return false;
}

container_state container_state_from(std::string_view word) {
  for (const auto state : all_container_states) {
    if (to_string(state) == word) return state;
  }
  // Podman's own words, where its Docker-compatible API lets them through.
  if (word == "configured" || word == "initialized") return container_state::created;
  if (word == "stopped") return container_state::exited;
  return container_state::running;
}

std::string_view to_string(event_kind kind) {
  switch (kind) {
    case event_kind::image:
      return "image";
    case event_kind::container:
      return "container";
    case event_kind::other:
      break;
  }
  return "other";
}

}  // namespace docksweep::core
