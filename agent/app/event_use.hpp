// What an engine event says about the use of images: which ones, how they came, and whether somebody really used them.
#pragma once

#include <optional>
#include <string>

#include "core/inventory.hpp"
#include "core/usage.hpp"

namespace docksweep::app {

struct event_use {
  std::string image;      // image ID, "sha256:…"; empty: the event names none
  std::string name;       // a reference, or the beginning of an ID, as somebody asked for it; empty: none
  std::string container;  // the image that this container was made of is meant too; empty: none
  core::image_origin origin = core::image_origin::unknown;  // of `image`, else of who holds `name` afterwards
  bool fetched = false;                                     // `name` was pulled: it is wanted here
  // Somebody wants it now; false where a use ended (its container died): that must not count as wanted again.
  bool wanted = true;
};

// std::nullopt: it says nothing about use (untag, delete, exec, failed pulls, volumes, …).
//  - pull: Actor.ID is the reference, "up to date" included. Podman has it in the name, and sends the event for failed
//    pulls too (ENGINE: Podman's compatible API): a use, but no proof that a registry has the image.
//  - tag: all that a cached rebuild sends (docuum 320).
//  - containers: the attribute `image` is the name asked for, or an ID; no event carries the ID reliably.
std::optional<event_use> use_told_by(const core::engine_event& event);

}  // namespace docksweep::app
