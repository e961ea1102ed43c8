// What an engine event means for the view: which one object has to be looked at again, if any.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/inventory.hpp"

namespace docksweep::app {

enum class object_kind { image, container };

// An image (by ID or by reference) or a container (by ID).
struct object_name {
  object_kind kind = object_kind::image;
  std::string name;
  auto operator<=>(const object_name&) const = default;
};

// What the event lets one expect to find. Docker 20.10 sends some events (die, pause) before its listings show the
// change, and nothing afterwards: an object that is not yet as its event says is looked at again a little later.
enum class expectation { none, gone, stopped, paused, unpaused };

enum class event_effect {
  nothing,     // exec, attach, health_status, networks, volumes, failed pulls, …
  object,      // look at `object` again
  everything,  // something changed, but the event does not say what (Podman's build; image prune)
};

struct event_meaning {
  event_effect effect = event_effect::nothing;
  object_name object;
  expectation expect = expectation::none;
};

event_meaning meaning_of(const core::engine_event& event);

// "sha256:…" for an image ID with or without that prefix (Podman's events lack it); empty when it is no ID.
std::string image_id_from(std::string_view text);

// Whether a container in this state is as expected. `gone` is never met by a container that is there.
bool meets(expectation expect, core::container_state state);

}  // namespace docksweep::app
