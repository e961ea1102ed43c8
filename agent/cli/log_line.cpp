// logfmt as Go's kit writes it (values are quoted when they need it), JSON by Boost.JSON.
#include "cli/log_line.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace docksweep::cli {
namespace {

std::string_view name_of(app::log_level level) {
  switch (level) {
    case app::log_level::debug:
      return "debug";
    case app::log_level::info:
      return "info";
    case app::log_level::warn:
      return "warn";
    case app::log_level::error:
      return "error";
  }
  return "error";
}

// "2026-11-23T17:29:45.123Z"
std::string rfc3339(core::instant when) {
  return date::format("%FT%TZ", std::chrono::floor<std::chrono::milliseconds>(when));
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

std::string in_quotes(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < ' ' || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

}  // namespace

std::string log_line(config::log_format format, core::instant when, app::log_level level, std::string_view event,
                     std::span<const app::log_field> fields) {
  const bool json = format == config::log_format::json;
  std::string out =
      fmt::format(fmt::runtime(json ? R"({{"ts":"{}","level":"{}","event":{})" : "ts={} level={} event={}"),
                  rfc3339(when), name_of(level), json ? json_text(event) : in_quotes(event));
  for (const auto& [key, value] : fields) {
    out += json ? fmt::format(",{}:{}", json_text(key), json_text(value)) : fmt::format(" {}={}", key, in_quotes(value));
  }
  if (json) out += '}';
  return out;
}

}  // namespace docksweep::cli
