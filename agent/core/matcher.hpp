// One matcher over an alert's labels, as Alertmanager and Prometheus write it: name="value", !=, =~, !~.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/pattern.hpp"

namespace docksweep::core {

class label_matcher {
 public:
  enum class op { equal, not_equal, matches, not_matches };
  // Quotes around the value may be left out; regular expressions are anchored at both ends, as Alertmanager's are.
  static parsed<label_matcher> parse(std::string_view text);
  // A label that an alert does not have is an empty value.
  bool fits(std::string_view value) const;
  bool fits(const label_list& labels) const;
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  op how() const { return op_; }
  const std::string& text() const { return text_; }  // as it was written
  bool operator==(const label_matcher& other) const { return text_ == other.text_; }

 private:
  label_matcher() = default;
  std::string text_, name_, value_;
  op op_ = op::equal;
  std::optional<regex> regex_;
};

}  // namespace docksweep::core
