#include "core/restoration.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/pattern.hpp"
#include "core/plan/names.hpp"

namespace docksweep::core {
namespace {

using index = std::unordered_map<std::string, const image*>;

void add_sources(restoration& into, image_store store) {
  const auto& removal = into.removal;
  using kind = restoration::source::kind;
  if (!removal.archive.empty()) into.sources.push_back({kind::archive, removal.archive});
  auto by_pull = restorability_by_pull(removal, store);
  if (by_pull.can == restorable::no) {
    if (into.sources.empty()) into.why_not = std::move(by_pull.why);
    return;
  }
  image known;
  known.id = removal.object_id;
  known.tags = removal.references;
  known.digests = removal.digests;
  for (const auto& digest : digests_to_ask_for(known, store)) {
    into.sources.push_back({kind::registry, canonical_reference(digest)});
  }
}

restoration restoration_of(const removal_record& removal, const index& by_id, const index& by_tag, image_store store) {
  restoration made;
  made.removal = removal;
  if (removal.kind != target_kind::image) {
    made.why_not = restorability_of(removal, store).why;
    return made;
  }
  made.present = by_id.contains(removal.object_id);
  if (!made.present) add_sources(made, store);
  if (!made.why_not.empty()) return made;
  for (const auto& tag : removal.references) {
    const auto holder = by_tag.find(canonical_reference(tag));
    if (holder == by_tag.end()) {
      made.names.push_back(tag);
    } else if (holder->second->id != removal.object_id) {
      made.taken.emplace_back(tag, holder->second->id);
    }
  }
  return made;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_meant(const removal_record& one, std::string_view asked) {
  constexpr std::string_view algorithm = "sha256:";
  const auto digits = asked.starts_with(algorithm) ? asked.substr(algorithm.size()) : asked;
  constexpr std::size_t shortest_id = 4;
  if (is_hex(digits) && digits.size() >= shortest_id) {
    if (std::string_view(one.object_id).substr(one.object_id.find(':') + 1).starts_with(digits)) return true;
    const auto whole = "@" + std::string(algorithm) + std::string(digits);
    if (std::ranges::any_of(one.digests, [&](const auto& digest) { return digest.ends_with(whole); })) return true;
  }
  const bool has_version = repository_of(asked).size() < asked.size();
  const auto wanted = canonical_reference(has_version ? std::string(asked) : std::string(asked) + ":latest");
  const auto same = [&](const std::string& name) { return canonical_reference(name) == wanted; };
  return std::ranges::any_of(one.references, same) || std::ranges::any_of(one.digests, same);
}

}  // namespace

std::string_view to_string(restore_outcome outcome) {
  switch (outcome) {
    case restore_outcome::restored:
      return "restored";
    case restore_outcome::already_back:
      return "already_back";
    case restore_outcome::incomplete:
      return "incomplete";
    case restore_outcome::failed:
      break;
    case restore_outcome::not_possible:
      return "not_possible";
  }
  return "failed";
}

std::vector<restoration> plan_restoration(std::span<const removal_record> removals, std::span<const image> images,
                                          image_store store) {
  index by_id, by_tag;
  for (const auto& one : images) {
    by_id.emplace(one.id, &one);
    for (const auto& tag : one.tags) by_tag.emplace(canonical_reference(tag), &one);
  }
  std::vector<restoration> made;
  std::set<std::string> seen;
  for (const auto& removal : removals) {
    if (!is_off_the_node(removal.outcome)) continue;
    if (removal.kind == target_kind::image && !seen.insert(removal.object_id).second) continue;
    made.push_back(restoration_of(removal, by_id, by_tag, store));
  }
  return made;
}

const removal_record* find_removal(std::span<const removal_record> newest_first, std::string_view asked) {
  for (const auto& one : newest_first) {
    if (one.kind == target_kind::image && is_off_the_node(one.outcome) && is_meant(one, asked)) return &one;
  }
  return nullptr;
}

}  // namespace docksweep::core
