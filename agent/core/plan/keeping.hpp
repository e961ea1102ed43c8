// The keep rules over the images of a node: what no policy removes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/plan/holders.hpp"
#include "core/plan/ruling.hpp"
#include "core/plan/use_times.hpp"

namespace docksweep::core {

class image_keeper {
 public:
  // Everything that is referred to outlives the keeper. `uses` lies beside the view's images.
  // `archived`: the policy has an archive, where what only this node has is saved before it goes.
  image_keeper(const node_picture& picture, const keep_rules& keep, bool archived, std::span<const use_times> uses,
               const image_holders& holders, rule_book& rules, instant now);

  // One of protecting_reasons: whether that rule holds this image.
  std::optional<ruling> check(reason which, std::size_t image) const;
  // What comes before its removal.
  safeguards before_removal(std::size_t image) const;
  // The first of protecting_reasons that holds it.
  std::optional<ruling> first(std::size_t image) const;

 private:
  std::optional<ruling> by_label(const image& one, std::size_t index) const;
  std::optional<ruling> by_reference(const image& one) const;
  std::optional<ruling> by_regex(const image& one) const;
  std::optional<ruling> by_container(std::size_t index) const;
  std::optional<ruling> by_age(std::size_t index) const;
  bool is_local_only(const image& one, std::size_t index) const;
  bool stays_for_want_of_a_registry(const image& one, std::size_t index) const;
  bool was_not_safe(const image& one, std::size_t index) const;
  void find_newest_of_repositories();
  std::optional<ruling> because(reason why, std::uint32_t rule) const { return ruling{.why = why, .rule = rule}; }

  const inventory& node_;
  const image_ids* not_safe_;
  const keep_rules& keep_;
  std::span<const use_times> uses_;
  const image_holders& holders_;
  rule_book& rules_;
  instant now_;
  bool digests_prove_a_registry_ = false;
  std::vector<bool> newest_of_repository_;
  bool archived_;
  std::uint32_t per_repository_rule_, digest_only_rule_, local_only_rule_, not_safe_rule_, min_age_rule_;
};

}  // namespace docksweep::core
