// Which containers a policy may remove, and why the others stay.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/plan/ruling.hpp"

namespace docksweep::core {

// A container that a policy takes, before goals and limits.
struct container_candidate {
  std::uint32_t container = 0;  // index in the view
  instant stood_still_since{};
  byte_range bytes;  // its writable layer; {0, 0}: unknown
  std::uint32_t rule = 0;
};

class container_judge {
 public:
  container_judge(const node_picture& picture, const policy& which, rule_book& rules, instant now);

  // Why it stays; nullopt: it is a candidate.
  std::optional<ruling> refuses(std::size_t container) const;
  container_candidate candidate(std::size_t container) const;

 private:
  std::optional<ruling> kept(const container& one) const;
  std::optional<ruling> not_selected(const container& one, const container_details& more) const;
  std::optional<ruling> shielded(const container& one, const container_details& more) const;
  const container_details* details_of(const container& one) const;
  std::optional<byte_count> writable_bytes(const container& one) const;
  instant stood_still_since(const container& one, const container_details& more) const;
  ruling because(reason why, std::string text) const { return {.why = why, .rule = rules_.number(std::move(text))}; }

  const inventory& node_;
  const container_details_by_id& details_;
  const keep_rules& keep_;
  const std::optional<container_selection>& selection_;
  rule_book& rules_;
  instant now_;
  std::unordered_map<std::string_view, byte_count> measured_bytes_;
  std::uint32_t selecting_rule_ = 0;
};

// Whether these names select at all, whatever they exclude: then they also take what is shielded otherwise.
bool selects_by_name(const container_selection& selection);

}  // namespace docksweep::core
