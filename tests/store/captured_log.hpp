// Remembers what was logged, with its fields in one line: "state_moved_aside path=… to=…".
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "app/log.hpp"

namespace docksweep::test {

class captured_lines final : public app::log_sink {
 public:
  std::vector<std::string> lines;

  void write(app::log_level, std::string_view event, std::span<const app::log_field> fields) override {
    std::string line(event);
    for (const app::log_field& field : fields) line.append(" ").append(field.key).append("=").append(field.value);
    lines.push_back(std::move(line));
  }
  // The only line of this event; empty if there is not exactly one.
  std::string only(const std::string& event) const {
    const auto is_it = [&](const std::string& line) { return line.starts_with(event + " "); };
    return std::ranges::count_if(lines, is_it) == 1 ? *std::ranges::find_if(lines, is_it) : std::string();
  }
};

}  // namespace docksweep::test
