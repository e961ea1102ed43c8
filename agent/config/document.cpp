// The only file that knows toml++.
#include "config/document.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include "config/toml_text.hpp"

namespace docksweep::config {
namespace {

position from(const toml::source_region& where) {
  return {static_cast<int>(where.begin.line), static_cast<int>(where.begin.column)};
}

document_value convert(const toml::node& node) {
  document_value out{.at = from(node.source()), .data = date_or_time{}};
  if (const auto* flag = node.as_boolean()) out.data = flag->get();
  if (const auto* integer = node.as_integer()) out.data = integer->get();
  if (const auto* real = node.as_floating_point()) out.data = real->get();
  if (const auto* text = node.as_string()) out.data = text->get();
  if (const auto* array = node.as_array()) {
    document_value::array items;
    for (const auto& item : *array) items.push_back(convert(item));
    out.data = std::move(items);
  }
  if (const auto* table = node.as_table()) {
    document_value::table members;
    for (const auto& [key, value] : *table)
      members.push_back({std::string(key.str()), from(key.source()), convert(value)});
    out.data = std::move(members);
  }
  return out;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::size_t byte_of_column(std::string_view line, int column) {
  std::size_t at = 0;
  for (int i = 1; i < column && at < line.size(); ++i) {
    for (++at; at < line.size() && !begins_character(line[at]); ++at) {
    }
  }
  return at;
}

}  // namespace

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

std::string describe(const document_value& value) {
  struct words {
    std::string operator()(date_or_time) const { return "a date or time"; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t integer) const { return fmt::format("the integer {}", integer); }
    std::string operator()(double real) const { return fmt::format("the number {}", real); }
    std::string operator()(const std::string& text) const {
      return text.size() > 40 ? "a string" : fmt::format("the string \"{}\"", text);
    }
    std::string operator()(const document_value::array&) const { return "a list"; }
    std::string operator()(const document_value::table&) const { return "a table"; }
  };
  return std::visit(words{}, value.data);
}

std::expected<document, fault> document::parse(std::string_view text, std::string_view file) {
  document out;
  out.file_ = std::string(file);
  out.lines_ = split_lines(text);
  if (const auto at = one_dot_too_many(text)) {
    auto words = fmt::format("a line with more than {} dots: no key is that deep", most_dots);
    return std::unexpected(fault{out.file_, at->line, at->column, std::move(words)});
  }
  try {
    out.root_ = convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const auto at = from(error.source());
    auto words = std::string(error.description());
    const auto line = static_cast<std::size_t>(std::max(at.line, 1)) - 1;
    const auto meant = line < out.lines_.size() ? with_quotes(out.lines_[line]) : std::string();
    if (!meant.empty()) words += fmt::format("; text stands in quotes: {}", meant);
    return std::unexpected(fault{out.file_, at.line, at.column, std::move(words)});
  }
  return out;
}

position document::inside(const document_value& text_value, std::size_t offset) const {
  const auto* text = text_value.as<std::string>();
  const auto [line, column] = text_value.at;
  if (text == nullptr || line < 1 || static_cast<std::size_t>(line) > lines_.size() || offset > text->size())
    return text_value.at;
  const auto source = std::string_view(lines_[static_cast<std::size_t>(line) - 1]);
  const auto quote = byte_of_column(source, column);
  // Where the source reads as the value does, there is no escape before the offset (and no """ either).
  const auto before = std::string_view(*text).substr(0, offset);
  if (!source.substr(std::min(quote + 1, source.size())).starts_with(before) ||
      source.substr(quote).starts_with("\"\"\"") || source.substr(quote).starts_with("'''")) {
    return text_value.at;
  }
  return {line, column + 1 + static_cast<int>(std::ranges::count_if(before, begins_character))};
}

}  // namespace docksweep::config
