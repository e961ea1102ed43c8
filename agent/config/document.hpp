// A TOML document as a tree of values that know where they stand. Keeps toml++ out of every header.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/load.hpp"

namespace docksweep::config {

struct position {
  int line = 0, column = 0;  // from 1; the column in characters
  bool operator==(const position&) const = default;
};

struct document_member;
struct date_or_time {};  // no key of ours takes one

struct document_value {
  using array = std::vector<document_value>;
  using table = std::vector<document_member>;  // sorted by key
  position at;
  std::variant<date_or_time, bool, std::int64_t, double, std::string, array, table> data;

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
};

struct document_member {
  std::string key;
  position at;
  document_value value;
};

// False within a character of UTF-8: columns count characters.
bool begins_character(char c);

// "the integer 10", "a list", "a table": for messages.
std::string describe(const document_value& value);

class document {
 public:
  // The one fault of a syntax error is toml++'s, with its position, and with the line as it may have been meant.
  static std::expected<document, fault> parse(std::string_view text, std::string_view file);
  const document_value& root() const { return root_; }
  const std::string& file() const { return file_; }
  // Where byte `offset` of a string value stands: exact when it is written without escapes, else the value's beginning.
  position inside(const document_value& text_value, std::size_t offset) const;

 private:
  std::vector<std::string> lines_;
  std::string file_;
  document_value root_;
};

}  // namespace docksweep::config
