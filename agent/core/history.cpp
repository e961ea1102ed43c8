#include "core/history.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace docksweep::core {
namespace {

// Podman gives names and digests of this kind to what was built here.
bool is_local_name(const std::string& digest) {
  return digest.starts_with("localhost/");
}

}  // namespace

std::string_view to_string(sweep_trigger trigger) {
  switch (trigger) {
    case sweep_trigger::threshold:
      return "threshold";
    case sweep_trigger::schedule:
      return "schedule";
    case sweep_trigger::alert:
      return "alert";
    case sweep_trigger::manual:
      break;
  }
  return "manual";
}

std::string_view to_string(sweep_outcome outcome) {
  switch (outcome) {
    case sweep_outcome::running:
      break;
    case sweep_outcome::reached:
      return "reached";
    case sweep_outcome::missed:
      return "missed";
    case sweep_outcome::stopped:
      return "stopped";
    case sweep_outcome::failed:
      return "failed";
    case sweep_outcome::interrupted:
      return "interrupted";
    case sweep_outcome::observed:
      return "observed";
  }
  return "running";
}

std::string_view to_string(removal_outcome outcome) {
  switch (outcome) {
    case removal_outcome::planned:
      return "planned";
    case removal_outcome::attempted:
      return "attempted";
    case removal_outcome::removed:
      return "removed";
    case removal_outcome::gone:
      return "gone";
    case removal_outcome::kept:
      return "kept";
    case removal_outcome::refused:
      return "refused";
    case removal_outcome::failed:
      return "failed";
    case removal_outcome::unknown:
      break;
    case removal_outcome::skipped:
      return "skipped";
    case removal_outcome::foreign:
      return "foreign";
  }
  return "unknown";
}

bool is_off_the_node(removal_outcome outcome) {
  using enum removal_outcome;
  return outcome == removed || outcome == gone || outcome == unknown || outcome == foreign;
}

restorability restorability_of(const removal_record& removal, image_store store) {
  const bool is_saved = removal.kind == target_kind::image && is_off_the_node(removal.outcome) && !removal.archive.empty();
  return is_saved ? restorability() : restorability_by_pull(removal, store);
}

restorability restorability_by_pull(const removal_record& removal, image_store store) {
  using enum restorable;
  if (removal.kind != target_kind::image) return {no, "only images can be pulled back"};
  if (!is_off_the_node(removal.outcome)) return {no, "it was not removed"};
  if (std::ranges::all_of(removal.digests, is_local_name)) {
    return {no, "no registry digest is known of it: it was built or loaded here"};
  }
  // There, images that no registry ever saw have digests too (ENGINE: containerd image store).
  if (store == image_store::containerd && removal.origin != image_origin::pulled) {
    const bool made_here = removal.origin != image_origin::unknown;
    return {made_here ? no : maybe,
            made_here ? fmt::format("it was {} here, and no registry is known to have it", to_string(removal.origin))
                      : std::string("this node did not see it being pulled, and on the containerd image store a digest "
                                    "does not tell that a registry has it")};
  }
  return {};
}

bool is_paused(const std::optional<pause_state>& state, instant now) {
  return state && (!state->until || now < *state->until);
}

}  // namespace docksweep::core
