// One matcher over an alert's labels, as Alertmanager and Prometheus write it: name="value", !=, =~, !~.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern.hpp"

namespace docksweep::core {

class label_matcher {
 public:
  enum class op { equal, not_equal, matches, not_matches };
  // Alertmanager's own syntax (its classic parser, which every version has): quotes around the value may be left out;
  // in and out of them \" \\ and \n are escapes; regular expressions are anchored at both ends.
  static parsed<label_matcher> parse(std::string_view text);
  // A label that an alert does not have is an empty value.
  bool fits(std::string_view value) const;
  bool fits(const label_list& labels) const;
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  op how() const { return op_; }
  const std::string& text() const { return text_; }  // as it was written
  std::string canonical() const;                     // name="value" with its escapes, as a `filter` of Alertmanager
  bool operator==(const label_matcher& other) const { return text_ == other.text_; }

 private:
  label_matcher() = default;
  std::string text_, name_, value_;
  op op_ = op::equal;
  std::optional<regex> regex_;
};

// Matchers with commas between them, in braces or not: '{a="b", c=~"d.*"}'. An empty text has none.
parsed<std::vector<label_matcher>> parse_matchers(std::string_view text);

// Whether these labels satisfy every one of them; without a matcher all labels do.
bool all_fit(std::span<const label_matcher> matchers, const label_list& labels);

}  // namespace docksweep::core
