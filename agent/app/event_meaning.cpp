// Engine events → what to look at again; see the header. Actions are matched against lists of known ones: an action
// that nobody knows changes nothing here, and the next resync shows what it did.
#include "app/event_meaning.hpp"

#include <algorithm>
#include <array>

namespace docksweep::app {
namespace {

using namespace std::string_view_literals;

// Image actions that name an image. "remove" and "loadfromarchive" are Podman's words.
constexpr std::array image_actions{"tag"sv,  "untag"sv,  "delete"sv, "remove"sv, "pull"sv,           "load"sv,
                                   "push"sv, "create"sv, "import"sv, "build"sv,  "loadfromarchive"sv};

struct container_action {
  std::string_view word;
  expectation expect;
};

constexpr std::array container_actions{
    container_action{"create", expectation::none},      container_action{"start", expectation::none},
    container_action{"restart", expectation::none},     container_action{"rename", expectation::none},
    container_action{"update", expectation::none},      container_action{"die", expectation::stopped},
    container_action{"stop", expectation::stopped},     container_action{"pause", expectation::paused},
    container_action{"unpause", expectation::unpaused}, container_action{"destroy", expectation::gone},
    container_action{"remove", expectation::gone}};

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

event_meaning look_at(object_kind kind, std::string name, expectation expect = expectation::none) {
  if (name.empty()) return {event_effect::everything, {}, expectation::none};
  return {event_effect::object, {kind, std::move(name)}, expect};
}

event_meaning image_meaning(const core::engine_event& event) {
  if (event.action == "prune") return {event_effect::everything, {}, expectation::none};
  if (std::ranges::find(image_actions, event.action) == image_actions.end()) return {};
  if (std::string id = image_id_from(event.id); !id.empty()) return look_at(object_kind::image, std::move(id));
  if (!event.id.empty()) return look_at(object_kind::image, event.id);
  // Podman's archive loads carry the name of a file, its builds nothing at all: neither says which image.
  if (event.action == "loadfromarchive" || event.action == "load") return look_at(object_kind::image, "");
  return look_at(object_kind::image, event.name);
}

event_meaning container_meaning(const core::engine_event& event) {
  if (event.action == "commit") return look_at(object_kind::image, image_id_from(event.image_id));
  const auto known = std::ranges::find(container_actions, event.action, &container_action::word);
  if (known == container_actions.end() || event.id.empty()) return {};
  return look_at(object_kind::container, event.id, known->expect);
}

}  // namespace

std::string image_id_from(std::string_view text) {
  constexpr std::string_view prefix = "sha256:";
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  if (text.size() != 64 || !is_hex(text)) return {};
  return std::string(prefix).append(text);
}

event_meaning meaning_of(const core::engine_event& event) {
  switch (event.kind) {
    case core::event_kind::image:
      return image_meaning(event);
    case core::event_kind::container:
      return container_meaning(event);
    case core::event_kind::other:
      return {};
  }
  return {};
}

bool meets(expectation expect, core::container_state state) {
  using enum core::container_state;
  switch (expect) {
    case expectation::none:
      return true;
    case expectation::gone:
      return false;
    case expectation::stopped:
      return state != running && state != paused;
    case expectation::paused:
      return state == paused;
    case expectation::unpaused:
      return state != paused;
  }
  return true;
}

}  // namespace docksweep::app
