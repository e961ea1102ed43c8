#include "app/event_use.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "app/event_meaning.hpp"

namespace docksweep::app {
namespace {

using namespace std::string_view_literals;
using core::image_origin;

struct image_action {
  std::string_view word;
  image_origin origin;
};

// "loadfromarchive" is Podman's word; "create" is what Docker's classic builder and commit send.
constexpr std::array image_actions{
    image_action{"tag", image_origin::unknown},   image_action{"push", image_origin::unknown},
    image_action{"save", image_origin::unknown},  image_action{"load", image_origin::loaded},
    image_action{"import", image_origin::loaded}, image_action{"loadfromarchive", image_origin::loaded},
    image_action{"build", image_origin::built},   image_action{"create", image_origin::built}};

// "init" is Podman's.
constexpr std::array beginnings{"create"sv, "start"sv, "restart"sv, "unpause"sv, "attach"sv, "init"sv};
constexpr std::array endings{"die"sv, "destroy"sv};

bool is_one_of(std::string_view word, const auto& words) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<event_use> pull_use(const core::engine_event& event) {
  event_use use;
  use.fetched = true;
  use.image = image_id_from(event.id);
  use.name = use.image.empty() && !event.id.empty() ? event.id : event.name;
  if (!event.id.empty()) use.origin = image_origin::pulled;
  if (use.image.empty() && use.name.empty()) return std::nullopt;
  return use;
}

std::optional<event_use> image_use(const core::engine_event& event) {
  if (event.action == "pull") return pull_use(event);
  const auto known = std::ranges::find(image_actions, event.action, &image_action::word);
  if (known == image_actions.end()) return std::nullopt;
  event_use use;
  use.origin = known->origin;
  use.image = image_id_from(event.id);
  // A load's name is a file on Podman, and the ID once more on Docker.
  if (use.image.empty() && event.action != "loadfromarchive") use.name = event.id.empty() ? event.name : event.id;
  // The name that the image has from now on.
  if (!use.image.empty() && event.action == "tag") use.name = event.name;
  if (use.image.empty() && use.name.empty()) return std::nullopt;
  return use;
}

std::optional<event_use> container_use(const core::engine_event& event) {
  event_use use;
  use.container = event.id;
  if (event.action == "commit") {
    use.image = image_id_from(event.image_id);
    use.origin = image_origin::built;
    return use;
  }
  use.wanted = is_one_of(event.action, beginnings);
  if (!use.wanted && !is_one_of(event.action, endings)) return std::nullopt;
  use.image = image_id_from(event.image);
  if (use.image.empty()) use.name = event.image;
  return use;
}

}  // namespace

std::optional<event_use> use_told_by(const core::engine_event& event) {
  if (event.kind == core::event_kind::image) return image_use(event);
  if (event.kind == core::event_kind::container) return container_use(event);
  return std::nullopt;
}

}  // namespace docksweep::app
