// Reading and applying of alert matchers.
#include "core/matcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace docksweep::core {
namespace {

constexpr std::string_view help =
    "a matcher is a label name, one of = != =~ !~, and a value, as in 'alertname=\"DiskFull\"'";

bool name_character(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

// The value between its quotes, with \" \\ and \n resolved as Alertmanager does.
parsed<std::string> unquote(std::string_view text, std::size_t offset) {
  if (text.empty() || text.front() != '"') {
    if (text.find('"') != std::string_view::npos) {
      return std::unexpected(
          text_fault{fmt::format("has a quote in the middle of its value: {}", help), offset + text.find('"')});
    }
    return std::string(text);
  }
  std::string out;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (at + 1 == text.size()) return out;
      return std::unexpected(text_fault{fmt::format("goes on after its closing quote: {}", help), offset + at + 1});
    }
    if (text[at] == '\\' && at + 1 < text.size()) {
      const char next = text[at + 1];
      if (next == 'n' || next == '"' || next == '\\') {
        out += next == 'n' ? '\n' : next;
        ++at;
        continue;
      }
    }
    out += text[at];
  }
  return std::unexpected(text_fault{fmt::format("has no closing quote: {}", help), offset + text.size()});
}

}  // namespace

parsed<label_matcher> label_matcher::parse(std::string_view text) {
  using enum op;
  constexpr std::array<std::pair<std::string_view, op>, 4> operators{
      {{"=~", matches}, {"!=", not_equal}, {"!~", not_matches}, {"=", equal}}};
  label_matcher out;
  out.text_ = std::string(text);
  auto at = std::min(text.find_first_not_of(" \t"), text.size());
  const auto name_at = at;
  while (at < text.size() && name_character(text[at], at == name_at)) ++at;
  out.name_ = std::string(text.substr(name_at, at - name_at));
  if (out.name_.empty()) return std::unexpected(text_fault{fmt::format("has no label name: {}", help), name_at});
  at = std::min(text.find_first_not_of(" \t", at), text.size());
  const auto rest = text.substr(at);
  const auto* found = std::ranges::find_if(operators, [&](const auto& o) { return rest.starts_with(o.first); });
  if (found == operators.end()) return std::unexpected(text_fault{fmt::format("has no operator: {}", help), at});
  out.op_ = found->second;
  const auto after = rest.substr(found->first.size());
  const auto value = trim(after);
  const auto value_at = value.empty() ? text.size() : static_cast<std::size_t>(value.data() - text.data());
  auto plain = unquote(value, value_at);
  if (!plain) return std::unexpected(plain.error());
  out.value_ = std::move(*plain);
  if (out.op_ == matches || out.op_ == not_matches) {
    auto compiled = regex::compile(out.value_);
    if (!compiled) {
      const auto quote = value.starts_with('"') ? 1U : 0U;
      return std::unexpected(text_fault{compiled.error().message, value_at + quote + compiled.error().offset});
    }
    out.regex_ = std::move(*compiled);
  }
  return out;
}

bool label_matcher::fits(std::string_view value) const {
  switch (op_) {
    case op::equal:
      return value == value_;
    case op::not_equal:
      return value != value_;
    case op::matches:
      return regex_->matches(value);
    case op::not_matches:
      return !regex_->matches(value);
  }
  return false;
}

bool label_matcher::fits(const label_list& labels) const {
  const auto found = std::ranges::find(labels, name_, &label_list::value_type::first);
  return fits(found == labels.end() ? std::string_view{} : std::string_view(found->second));
}

}  // namespace docksweep::core
