#include "core/plan/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

namespace docksweep::core {

const glob* first_match(const std::vector<glob>& globs, std::string_view reference) {
  if (globs.empty()) return nullptr;
  const auto familiar = familiar_reference(reference);
  const auto canonical = canonical_reference(reference);
  for (const auto& one : globs) {
    if (one.matches(reference) || (familiar != reference && one.matches(familiar)) ||
        (canonical != reference && one.matches(canonical))) {
      return &one;
    }
  }
  return nullptr;
}

std::string_view repository_of(std::string_view reference) {
  if (const auto at = reference.find('@'); at != std::string_view::npos) reference = reference.substr(0, at);
  const auto slash = reference.rfind('/');
  const auto colon = reference.find(':', slash == std::string_view::npos ? 0 : slash);
  return reference.substr(0, colon);
}

std::vector<std::string> names_to_remove(const image& what) {
  auto names = what.tags;
  std::ranges::sort(names);
  const auto tagged = [&](std::string_view digest) {
    return std::ranges::any_of(what.tags, [&](const auto& tag) { return repository_of(tag) == repository_of(digest); });
  };
  const auto tags = static_cast<std::ptrdiff_t>(names.size());
  for (const auto& digest : what.digests) {
    if (!tagged(digest)) names.push_back(digest);
  }
  std::sort(names.begin() + tags, names.end());
  return names;
}

std::vector<std::string> digests_to_ask_for(const image& what, image_store store) {
  std::set<std::string> digests(what.digests.begin(), what.digests.end());
  if (store == image_store::containerd) {
    for (const auto& tag : what.tags) digests.insert(fmt::format("{}@{}", repository_of(tag), what.id));
  }
  std::vector<std::string> asked;
  for (const auto& digest : digests) {
    if (!digest.starts_with("localhost/")) asked.push_back(digest);
  }
  const auto in_order = [&](const std::string& digest) {
    const bool tagged = std::ranges::any_of(
        what.tags, [&](const auto& tag) { return repository_of(tag) == repository_of(digest); });
    return std::tuple(!tagged, canonical_reference(digest).starts_with("docker.io/"), digest);
  };
  std::ranges::sort(asked, {}, in_order);
  return asked;
}

}  // namespace docksweep::core
