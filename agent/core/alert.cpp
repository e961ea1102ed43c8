#include "core/alert.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace docksweep::core {
namespace {

constexpr std::size_t longest_text = 200;

// Never in the middle of a character of UTF-8.
void cut(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
}

}  // namespace

std::string_view to_string(alert_source source) {
  return source == alert_source::webhook ? "webhook" : "alertmanager";
}

std::string_view alert::label(std::string_view name) const {
  const auto found = std::ranges::find(labels, name, &label_list::value_type::first);
  return found == labels.end() ? std::string_view() : std::string_view(found->second);
}

std::string fingerprint_of(const label_list& labels) {
  constexpr std::uint64_t offset_basis = 14695981039346656037U, prime = 1099511628211U;
  std::uint64_t sum = offset_basis;
  const auto add = [&](std::string_view text) {
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * prime;
    sum = (sum ^ 0xFFU) * prime;
  };
  auto sorted = labels;
  std::ranges::sort(sorted);
  for (const auto& [name, value] : sorted) {
    add(name);
    add(value);
  }
  return fmt::format("{:016x}", sum);
}

std::string to_text(const alert& one) {
  std::string labels;
  for (const auto& [name, value] : one.labels) {
    if (name == "alertname") continue;
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, value);
    if (labels.size() > longest_text) break;
  }
  std::string text(one.name().empty() ? "without a name" : one.name());
  if (!labels.empty()) text += "{" + labels + "}";
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  if (text.size() <= longest_text) return text;
  cut(text, longest_text - 3);
  return text + "…";
}

}  // namespace docksweep::core
