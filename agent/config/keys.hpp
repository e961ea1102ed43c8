// Every key of the configuration, described once: the reader walks this description over a document, the effective view
// walks it over settings. A key that is not described here does not exist, and one that is can be read and shown.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "core/quantity.hpp"

namespace docksweep::config {

using set_fault = std::optional<core::text_fault>;

// A value that is written as a string.
struct text_slot {
  std::string what;  // "a duration, as in \"30s\""
  std::function<set_fault(const std::string&)> read;
  std::function<std::optional<std::string>()> print;  // nullopt: unset
  bool secret = false;
  bool names_file = false;  // the file must be readable
};

// A list of strings; an empty one is as good as none.
struct list_slot {
  std::string what;  // "a list of globs"
  std::function<void()> clear;
  std::function<set_fault(const std::string&)> add;
  std::function<std::vector<std::string>()> print;
};

struct number_slot {
  bool whole = true;
  double least = 0, most = 0;  // of whole numbers
  std::function<void(double)> set;
  std::function<std::optional<double>()> get;  // nullopt: unset
};

class key_visitor;

// A table. Keys of an absent one are not visited when showing.
struct table_slot {
  std::function<bool()> present = [] { return true; };
  std::function<void()> create = [] {};
  std::function<void(key_visitor&)> visit;
};

// A table with keys of the user's choice.
struct names_slot {
  std::string what;  // "a user name"
  std::function<set_fault(const std::string& name)> accept;
  std::function<std::vector<std::string>()> names;
  std::function<void(key_visitor&, const std::string& name)> visit;  // describes the key `name`
};

// A list of tables ([[policy]]).
struct tables_slot {
  std::function<std::size_t()> size;
  std::function<void()> append;
  std::function<void(key_visitor&, std::size_t)> visit;
  std::function<std::string(std::size_t)> name;  // for people
};

class key_visitor {
 public:
  key_visitor() = default;
  key_visitor(const key_visitor&) = delete;
  key_visitor& operator=(const key_visitor&) = delete;
  virtual ~key_visitor() = default;
  virtual void flag(std::string_view key, bool& place) = 0;
  virtual void number(std::string_view key, const number_slot& place) = 0;
  virtual void text(std::string_view key, const text_slot& place) = 0;
  virtual void list(std::string_view key, const list_slot& place) = 0;
  virtual void table(std::string_view key, const table_slot& place) = 0;
  // Either a word or a table; shown as a table.
  virtual void text_or_table(std::string_view key, const text_slot& word, const table_slot& place) = 0;
  virtual void names(std::string_view key, const names_slot& place) = 0;
  virtual void tables(std::string_view key, const tables_slot& place) = 0;
};

void describe_settings(key_visitor& visitor, settings& place);
void describe_keep(key_visitor& visitor, core::keep_rules& place);
// `general` is the [keep] that a new policy's own keep starts from.
void describe_policies(key_visitor& visitor, std::vector<core::policy>& place, const core::keep_rules& general);

}  // namespace docksweep::config
