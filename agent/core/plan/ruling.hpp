// What a rule says about one object, and the texts of all rules of a plan.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/plan.hpp"

namespace docksweep::core {

struct ruling {
  reason why = reason::not_selected;
  std::uint32_t rule = 0;  // into a rule_book
  std::optional<instant> until;
};

// Each text once; thousands of verdicts share a few.
class rule_book {
 public:
  std::uint32_t number(std::string text) {
    const auto [found, is_new] = numbers_.try_emplace(std::move(text), static_cast<std::uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(found->first);
    return found->second;
  }
  const std::string& text(std::uint32_t number) const { return texts_[number]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> texts_;
};

}  // namespace docksweep::core
