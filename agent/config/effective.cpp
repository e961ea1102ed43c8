// Walks the description of all keys over settings, and prints what is there.
#include "config/effective.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "config/keys.hpp"
#include "core/digest.hpp"

namespace docksweep::config {
namespace {

// A string that TOML and JSON read alike.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

// A key as TOML writes it: bare where it may be.
std::string toml_key(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(key) : in_quotes(key);
}

std::string number_text(double value, bool whole) {
  if (whole) return fmt::format("{}", std::llround(value));
  const auto text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

struct group {
  std::string header;  // "", "[engine]", "[[policy]]"
  std::vector<effective_row> rows;
};

class printer final : public key_visitor {
 public:
  printer(const origins& from, secrets how) : from_(from), how_(how) { groups_.push_back({}); }

  void flag(std::string_view key, bool& place) override { add(key, place ? "true" : "false"); }

  void number(std::string_view key, const number_slot& place) override {
    const auto value = place.get();
    add(key, value ? std::optional(number_text(*value, place.whole)) : std::nullopt);
  }

  void text(std::string_view key, const text_slot& place) override {
    const auto value = place.print();
    if (!value) return add(key, std::nullopt);
    add(key, in_quotes(place.secret && how_ == secrets::hidden ? "<hidden>" : *value));
  }

  void list(std::string_view key, const list_slot& place) override {
    std::vector<std::string> items;
    for (const auto& item : place.print()) items.push_back(in_quotes(item));
    add(key, fmt::format("[{}]", fmt::join(items, ", ")));
  }

  void table(std::string_view key, const table_slot& place) override {
    if (!place.present()) return add(key, std::nullopt);
    walk(key, place.visit);
  }

  void text_or_table(std::string_view key, const text_slot&, const table_slot& place) override { table(key, place); }

  void names(std::string_view key, const names_slot& place) override {
    const auto names = place.names();
    if (names.empty()) return add(key, std::nullopt);
    walk(key, [&](key_visitor& v) {
      for (const auto& name : names) place.visit(v, name);
    });
  }

  void tables(std::string_view key, const tables_slot& place) override {
    if (place.size() == 0) return add(key, std::nullopt);
    for (std::size_t i = 0; i < place.size(); ++i) {
      groups_.push_back({.header = fmt::format("[[{}]]", key), .rows = {}});
      in_list_ = true;
      level_ = {
          .prefix = "", .path = fmt::format("{}[{}].", key, i), .shown = fmt::format("{}.{}.", key, place.name(i))};
      place.visit(*this, i);
      level_ = {};
      in_list_ = false;
    }
  }

  std::vector<group> take() { return std::move(groups_); }

 private:
  struct level {
    std::string prefix;  // of a key under its header: "when."
    std::string path;    // in origins, with its dot: "policy[0].when."
    std::string shown;   // for people: "policy.nightly.when."
  };

  template <typename Visit>
  void walk(std::string_view key, const Visit& visit) {
    const auto before = level_;
    if (level_.path.empty()) {
      groups_.push_back({.header = fmt::format("[{}]", toml_key(key)), .rows = {}});
    } else {
      level_.prefix += toml_key(key) + ".";
    }
    level_.path += fmt::format("{}.", key);
    level_.shown += fmt::format("{}.", key);
    visit(*this);
    level_ = before;
  }

  void add(std::string_view key, std::optional<std::string> value) {
    const auto path = fmt::format("{}{}", level_.path, key);
    const auto origin = from_.find(path);
    // A policy that says nothing about a key is not worth a line; what it keeps is [keep]'s unless it says so itself.
    if (in_list_ && (!value || (level_.prefix == "keep." && origin == from_.end()))) return;
    // What is unset after the sections stands under no header; no value does, mode and settle come first.
    if (level_.path.empty() && !groups_.back().header.empty()) groups_.push_back({});
    groups_.back().rows.push_back({.section = groups_.back().header,
                                   .key = level_.prefix + toml_key(key),
                                   .path = fmt::format("{}{}", level_.shown, key),
                                   .value = std::move(value),
                                   .source = origin == from_.end() ? "default" : origin->second});
  }

  const origins& from_;
  secrets how_;
  bool in_list_ = false;
  level level_;
  std::vector<group> groups_;
};

std::vector<group> groups_of(const configuration& what, secrets how) {
  auto copy = what.values;  // slots reach both ways, and showing must not change what is shown
  printer printed(what.from, how);
  describe_settings(printed, copy);
  return printed.take();
}

}  // namespace

std::vector<effective_row> effective_rows(const configuration& what, secrets how) {
  std::vector<effective_row> out;
  for (auto& group : groups_of(what, how)) std::ranges::move(group.rows, std::back_inserter(out));
  return out;
}

std::string effective_text(const configuration& what, secrets how) {
  constexpr std::size_t comment_column = 44;
  std::string out;
  for (const auto& group : groups_of(what, how)) {
    if (group.rows.empty()) continue;
    if (!out.empty()) out += '\n';
    if (!group.header.empty()) out += group.header + '\n';
    for (const auto& row : group.rows) {
      out += row.value ? fmt::format("{:<{}}  # {}\n", fmt::format("{} = {}", row.key, *row.value), comment_column,
                                     row.source)
                       : fmt::format("# {} is unset\n", row.key);
    }
  }
  return out;
}

std::string effective_hash(const configuration& what) {
  std::string text;
  for (const auto& row : effective_rows(what, secrets::shown))
    text += fmt::format("{} = {}\n", row.path, row.value.value_or(""));
  return core::sha256_hex(text);
}

}  // namespace docksweep::config
