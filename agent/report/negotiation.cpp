// Just enough of RFC 9110's content negotiation for the headers that scrapers and browsers send.
#include "report/negotiation.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "core/trimmed.hpp"

namespace docksweep::report {
namespace {

struct preference {
  std::string name;     // lower case: "text/plain"
  std::string version;  // its parameter "version"; empty: none
  double q = 1.0;
};

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// Takes everything before the next `separator` off the front of `text`.
std::string_view take(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto piece = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return core::trimmed(piece);
}

preference parse_preference(std::string_view item) {
  preference out;
  out.name = lower_case(take(item, ';'));
  while (!item.empty()) {
    auto value = take(item, ';');
    const auto key = lower_case(take(value, '='));
    value = unquoted(core::trimmed(value));
    if (key == "version") out.version = value;
    if (key == "q") {
      double q = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), q);
      // A q that is no number is a header that we do not understand: not acceptable, rather than most wanted.
      out.q = error == std::errc{} && end == value.data() + value.size() && q >= 0 && q <= 1 ? q : 0;
    }
  }
  return out;
}

}  // namespace

std::string_view content_type(exposition_format format) {
  return format == exposition_format::openmetrics_1_0_0 ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                        : "text/plain; version=0.0.4; charset=utf-8";
}

exposition_format format_for(std::string_view accept_header) {
  double openmetrics = 0, text = 0;
  while (!accept_header.empty()) {
    const auto wanted = parse_preference(take(accept_header, ','));
    if (wanted.name == "application/openmetrics-text" && (wanted.version.empty() || wanted.version == "1.0.0")) {
      openmetrics = std::max(openmetrics, wanted.q);
    } else if (wanted.name == "text/plain" && (wanted.version.empty() || wanted.version == "0.0.4")) {
      text = std::max(text, wanted.q);
    }
  }
  return openmetrics > text ? exposition_format::openmetrics_1_0_0 : exposition_format::text_0_0_4;
}

}  // namespace docksweep::report
