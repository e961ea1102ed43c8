#include "core/plan/keeping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/plan/names.hpp"

namespace docksweep::core {

image_keeper::image_keeper(const node_picture& picture, const keep_rules& keep, bool archived,
                           std::span<const use_times> uses, const image_holders& holders, rule_book& rules, instant now)
    : node_(picture.node.what()),
      not_safe_(picture.not_safe),
      keep_(keep),
      uses_(uses),
      holders_(holders),
      rules_(rules),
      now_(now),
      // On the containerd store and on Podman images made here have digests, too (ENGINE facts §3).
      digests_prove_a_registry_(node_.engine.store == image_store::graphdriver && node_.engine.engine != "podman"),
      archived_(archived),
      per_repository_rule_(rules.number(fmt::format("keep.per_repository = {}", keep.per_repository))),
      digest_only_rule_(rules.number("keep.digest_only = true")),
      local_only_rule_(rules.number(keep.ask_registry
                                        ? "keep.ask_registry = true, and no registry can be asked about it"
                                        : "keep.local_only = true")),
      not_safe_rule_(rules.number("no registry had it, and it could not be saved, when it was last to go")),
      min_age_rule_(rules.number(fmt::format("keep.min_age = {}", print_duration(keep.min_age)))) {
  if (keep_.per_repository > 0) find_newest_of_repositories();
}

std::optional<ruling> image_keeper::first(std::size_t image) const {
  for (const auto which : protecting_reasons) {
    if (auto held = check(which, image)) return held;
  }
  return std::nullopt;
}

std::optional<ruling> image_keeper::check(reason which, std::size_t index) const {
  const auto& one = node_.images[index];
  switch (which) {
    case reason::label:
      return by_label(one, index);
    case reason::reference:
      return by_reference(one);
    case reason::regex:
      return by_regex(one);
    case reason::container:
      return by_container(index);
    case reason::per_repository:
      if (!newest_of_repository_.empty() && newest_of_repository_[index]) return because(which, per_repository_rule_);
      return std::nullopt;
    case reason::digest_only:
      if (keep_.digest_only && one.tags.empty() && !one.digests.empty()) return because(which, digest_only_rule_);
      return std::nullopt;
    case reason::local_only:
      if (stays_for_want_of_a_registry(one, index)) return because(which, local_only_rule_);
      if (was_not_safe(one, index)) return because(which, not_safe_rule_);
      return std::nullopt;
    case reason::min_age:
      return by_age(index);
    default:
      return std::nullopt;
  }
}

std::optional<ruling> image_keeper::by_label(const image& one, std::size_t index) const {
  for (const auto& rule : keep_.labels) {
    const auto held = [&] { return because(reason::label, rules_.number("keep.labels = " + rule.text())); };
    if (rule.matches(one.labels)) return held();
    for (const auto container : holders_.of_image(index)) {
      if (rule.matches(node_.containers[container].labels)) return held();
    }
  }
  return std::nullopt;
}

std::optional<ruling> image_keeper::by_reference(const image& one) const {
  if (keep_.images.empty()) return std::nullopt;
  const glob* matching = nullptr;
  // The glob that comes first in the configuration, so that the order of the names does not matter.
  for (const auto* names : {&one.tags, &one.digests}) {
    for (const auto& name : *names) {
      const auto* found = first_match(keep_.images, name);
      if (found && (!matching || found < matching)) matching = found;
    }
  }
  if (!matching) return std::nullopt;
  return because(reason::reference, rules_.number("keep.images = " + matching->text()));
}

std::optional<ruling> image_keeper::by_regex(const image& one) const {
  if (!keep_.images_regex) return std::nullopt;
  const auto fits = [&](const auto& name) { return keep_.images_regex->search(name); };
  if (std::ranges::none_of(one.tags, fits) && std::ranges::none_of(one.digests, fits)) return std::nullopt;
  return because(reason::regex, rules_.number("keep.images_regex = " + keep_.images_regex->text()));
}

std::optional<ruling> image_keeper::by_container(std::size_t index) const {
  if (keep_.containers.empty()) return std::nullopt;
  for (const auto& rule : keep_.containers) {
    for (const auto container : holders_.of_image(index)) {
      const auto& names = node_.containers[container].names;
      if (std::ranges::none_of(names, [&](const auto& name) { return rule.matches(name); })) continue;
      return because(reason::container, rules_.number("keep.containers = " + rule.text()));
    }
  }
  return std::nullopt;
}

bool image_keeper::is_local_only(const image& one, std::size_t index) const {
  if (one.tags.empty()) return false;
  if (digests_prove_a_registry_) return one.digests.empty();
  return uses_[index].origin != image_origin::pulled;
}

// Not what can be asked about or saved first: that is seen just before the removal (before_removal).
bool image_keeper::stays_for_want_of_a_registry(const image& one, std::size_t index) const {
  if (archived_ || one.tags.empty()) return false;
  if (keep_.ask_registry) return digests_to_ask_for(one, node_.engine.store).empty();
  return keep_.local_only && is_local_only(one, index);
}

bool image_keeper::was_not_safe(const image& one, std::size_t index) const {
  return not_safe_ != nullptr && not_safe_->contains(one.id) && before_removal(index).any();
}

safeguards image_keeper::before_removal(std::size_t index) const {
  const auto& one = node_.images[index];
  safeguards first;
  if (one.tags.empty()) return first;
  first.ask_registry = keep_.ask_registry && !digests_to_ask_for(one, node_.engine.store).empty();
  first.archive = archived_ && (keep_.ask_registry || is_local_only(one, index));
  return first;
}

std::optional<ruling> image_keeper::by_age(std::size_t index) const {
  const auto over = uses_[index].used + keep_.min_age;
  if (over <= now_) return std::nullopt;
  return ruling{.why = reason::min_age, .rule = min_age_rule_, .until = over};
}

void image_keeper::find_newest_of_repositories() {
  struct named {
    std::string_view repository, tag;
    instant arrived, created;
    std::size_t image;
  };
  std::vector<named> all;
  for (std::size_t i = 0; i < node_.images.size(); ++i) {
    for (const auto& tag : node_.images[i].tags) {
      all.push_back({repository_of(tag), tag, uses_[i].arrived, node_.images[i].created.value_or(instant::min()), i});
    }
  }
  // Newest first. A build date only tells apart what arrived together (a new installation saw everything at once).
  std::ranges::sort(all, [](const named& one, const named& other) {
    return std::tie(one.repository, other.arrived, other.created, other.tag) <
           std::tie(other.repository, one.arrived, one.created, one.tag);
  });
  newest_of_repository_.assign(node_.images.size(), false);
  int taken = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    taken = i > 0 && all[i].repository == all[i - 1].repository ? taken + 1 : 1;
    if (taken <= keep_.per_repository) newest_of_repository_[all[i].image] = true;
  }
}

}  // namespace docksweep::core
