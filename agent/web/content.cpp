// Small readings of HTTP's header values and targets, for content.hpp.
#include "web/content.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/trimmed.hpp"

namespace docksweep::web {
namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char low = lower(digit);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// "0", "0.0", "0.000": a quality that refuses.
bool is_zero(std::string_view quality) {
  return !quality.empty() && quality.find_first_not_of("0.") == std::string_view::npos;
}

// The part before the next separator, which is taken off `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return core::trimmed(part);
}

// One element of Accept-Encoding: does it name this coding, and does it allow it?
std::optional<bool> allows(std::string_view element, std::string_view coding) {
  const auto name = take_until(element, ';');
  if (!same_without_case(name, coding)) return std::nullopt;
  while (!element.empty()) {
    const auto parameter = take_until(element, ';');
    if (parameter.size() > 2 && lower(parameter[0]) == 'q' && parameter[1] == '=') return !is_zero(parameter.substr(2));
  }
  return true;
}

// With every %XX resolved; std::nullopt: a broken escape, or a NUL.
std::optional<std::string> decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char letter = text[at];
    if (letter == '%') {
      const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
      if (low < 0) return std::nullopt;
      letter = static_cast<char>(high * 16 + low);
      at += 2;
    } else if (letter == '+' && plus_is_blank) {
      letter = ' ';
    }
    if (letter == '\0') return std::nullopt;
    out.push_back(letter);
  }
  return out;
}

}  // namespace

std::string_view request::header(std::string_view lower_case_name) const {
  const auto found = std::ranges::find(headers, lower_case_name, [](const auto& pair) { return pair.first; });
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

response text_response(int status, std::string_view text) {
  response answer;
  answer.status = status;
  auto body = std::make_shared<std::string>(text);
  body->push_back('\n');
  answer.body = std::move(body);
  answer.headers.emplace_back("Cache-Control", "no-store");
  return answer;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> by_name, by_star;
  while (!accept_encoding.empty()) {
    const auto element = take_until(accept_encoding, ',');
    if (const auto allowed = allows(element, "gzip")) by_name = allowed;
    if (const auto allowed = allows(element, "*")) by_star = allowed;
  }
  return by_name.value_or(by_star.value_or(false));
}

bool same_without_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char one, char other) { return lower(one) == lower(other); });
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

bool split_target(std::string_view target, std::string& path, std::string& query) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_without_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto slash = target.find_first_of("/?");
    target = slash == std::string_view::npos ? std::string_view{"/"} : target.substr(slash);
  }
  const auto mark = target.find('?');
  query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  target = target.substr(0, mark);
  if (target.empty() && mark != std::string_view::npos) target = "/";  // "http://host?query"
  if (target.empty() || target.front() != '/') return false;
  auto whole = decoded(target, false);
  if (whole) path = *std::move(whole);
  return whole.has_value();
}

std::optional<std::int64_t> parse_number(std::string_view text, std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > most) return std::nullopt;
  return value;
}

std::optional<header_list> parse_query(std::string_view query) {
  header_list found;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty()) continue;
    const auto sign = pair.find('=');
    auto name = decoded(pair.substr(0, sign), true);
    auto value = decoded(sign == std::string_view::npos ? std::string_view{} : pair.substr(sign + 1), true);
    if (!name || !value) return std::nullopt;
    found.emplace_back(*std::move(name), *std::move(value));
  }
  return found;
}

}  // namespace docksweep::web
