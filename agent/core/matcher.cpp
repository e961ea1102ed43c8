// Reading and applying of alert matchers.
#include "core/matcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/trimmed.hpp"

namespace docksweep::core {
namespace {

constexpr std::string_view help =
    "a matcher is a label name, one of = != =~ !~, and a value, as in 'alertname=\"DiskFull\"'";

// As in Prometheus' data model and Alertmanager's own parser (pkg/labels/parse.go).
bool name_character(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
}

constexpr std::string_view blanks = " \t\n\f\r";

// The value with its quotes taken off and \" \\ and \n resolved, in quotes or not; any other \ stands for itself.
parsed<std::string> unquote(std::string_view text, std::size_t offset) {
  bool open = text.starts_with('"');
  const bool quoted = open;
  std::string out;
  for (std::size_t at = quoted ? 1 : 0; at < text.size(); ++at) {
    const char here = text[at];
    if (here == '"') {
      if (!quoted) {
        return std::unexpected(
            text_fault{fmt::format("has a quote in the middle of its value: {}", help), offset + at});
      }
      if (at + 1 < text.size()) {
        return std::unexpected(text_fault{fmt::format("goes on after its closing quote: {}", help), offset + at + 1});
      }
      open = false;
      continue;
    }
    if (here == '\\' && at + 1 < text.size()) {
      const char next = text[at + 1];
      if (next == 'n' || next == '"' || next == '\\') {
        out += next == 'n' ? '\n' : next;
        ++at;
        continue;
      }
    }
    out += here;
  }
  if (open) return std::unexpected(text_fault{fmt::format("has no closing quote: {}", help), offset + text.size()});
  return out;
}

// Where the matcher that begins at `from` ends: at a comma outside of quotes, or at the end.
std::size_t end_of_matcher(std::string_view text, std::size_t from) {
  bool quoted = false;
  for (auto at = from; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (text[at] == ',' && !quoted) {
      return at;
    }
  }
  return text.size();
}

}  // namespace

parsed<label_matcher> label_matcher::parse(std::string_view text) {
  using enum op;
  constexpr std::array<std::pair<std::string_view, op>, 4> operators{
      {{"=~", matches}, {"!=", not_equal}, {"!~", not_matches}, {"=", equal}}};
  label_matcher out;
  out.text_ = std::string(text);
  auto at = std::min(text.find_first_not_of(blanks), text.size());
  const auto name_at = at;
  while (at < text.size() && name_character(text[at], at == name_at)) ++at;
  out.name_ = std::string(text.substr(name_at, at - name_at));
  if (out.name_.empty()) return std::unexpected(text_fault{fmt::format("has no label name: {}", help), name_at});
  at = std::min(text.find_first_not_of(blanks, at), text.size());
  const auto rest = text.substr(at);
  const auto* found = std::ranges::find_if(operators, [&](const auto& o) { return rest.starts_with(o.first); });
  if (found == operators.end()) return std::unexpected(text_fault{fmt::format("has no operator: {}", help), at});
  out.op_ = found->second;
  const auto after = rest.substr(found->first.size());
  const auto value = trimmed(after, blanks);
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

std::string label_matcher::canonical() const {
  constexpr std::array<std::string_view, 4> operators{"=", "!=", "=~", "!~"};  // in the order of op
  std::string out = fmt::format("{}{}\"", name_, operators[static_cast<std::size_t>(op_)]);
  for (const char c : value_) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

parsed<std::vector<label_matcher>> parse_matchers(std::string_view text) {
  std::vector<label_matcher> all;
  auto rest = trimmed(text, blanks);
  if (rest.empty()) return all;
  const auto begin = static_cast<std::size_t>(rest.data() - text.data());
  std::size_t at = begin, end = begin + rest.size();
  if (rest.front() == '{') {
    if (rest.size() < 2 || rest.back() != '}') {
      return std::unexpected(text_fault{fmt::format("has no closing brace: {}", help), end});
    }
    ++at, --end;
  }
  const auto inside = text.substr(0, end);
  while (at < end) {
    const auto stop = end_of_matcher(inside, at);
    const auto one = inside.substr(at, stop - at);
    // A comma at the end is allowed, as there.
    if (trimmed(one, blanks).empty() && stop == end && !all.empty()) break;
    auto matcher = label_matcher::parse(one);
    if (!matcher) return std::unexpected(text_fault{matcher.error().message, at + matcher.error().offset});
    all.push_back(*std::move(matcher));
    at = stop + 1;
  }
  return all;
}

bool all_fit(std::span<const label_matcher> matchers, const label_list& labels) {
  return std::ranges::all_of(matchers, [&](const label_matcher& one) { return one.fits(labels); });
}

}  // namespace docksweep::core
