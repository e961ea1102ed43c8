// Walks the description of all keys over default settings, with every optional table made.
#include "config/reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "config/examples.hpp"
#include "config/keys.hpp"
#include "core/trimmed.hpp"

namespace docksweep::config {
namespace {

// Where the user chooses a key's name, the page has one of these.
constexpr auto a_user = "NAME", a_registry = "HOST";

struct row {
  std::string path, what, standard;
};

std::string in_code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", text);
}

std::string in_cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.replace(at, 1, "\\|");
  return text;
}

class lister final : public key_visitor {
 public:
  void flag(std::string_view key, bool& place) override { add(key, "true or false", place ? "true" : "false"); }

  void number(std::string_view key, const number_slot& place) override {
    const auto value = place.get();
    const auto what = place.whole      ? std::string("a whole number")
                      : place.most > 1 ? std::string("a number")
                                       : fmt::format("a ratio from {} to {}", place.least, place.most);
    add(key, what, value ? fmt::format("{}", *value) : "");
  }

  void text(std::string_view key, const text_slot& place) override {
    const auto value = place.print();
    add(key, place.what, value && !value->empty() ? fmt::format("\"{}\"", *value) : "");
  }

  void list(std::string_view key, const list_slot& place) override {
    const auto values = place.print();
    std::string all;
    for (const auto& one : values) all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", one);
    add(key, place.what, fmt::format("[{}]", all));
  }

  void table(std::string_view key, const table_slot& place) override {
    if (!place.present()) place.create();
    const auto before = into(key);
    place.visit(*this);
    prefix_ = before;
  }

  void text_or_table(std::string_view key, const text_slot& word, const table_slot& place) override {
    add(key, word.what + ", short for a table", "");
    table(key, place);
  }

  void names(std::string_view key, const names_slot& place) override {
    const auto before = into(key);
    place.visit(*this, key == "users" ? a_user : a_registry);
    prefix_ = before;
  }

  void tables(std::string_view key, const tables_slot& place) override {
    place.append();
    const auto before = into(key);
    place.visit(*this, 0);
    prefix_ = before;
  }

  std::vector<row> rows;

 private:
  void add(std::string_view key, std::string what, std::string standard) {
    rows.push_back({prefix_ + std::string(key), std::move(what), std::move(standard)});
  }
  std::string into(std::string_view key) {
    auto before = prefix_;
    prefix_ += std::string(key) + ".";
    return before;
  }

  std::string prefix_;
};

// "[web]" or "#[[policy]]" → "web"; empty: this line is no header.
std::string header_of(std::string_view line) {
  if (line.starts_with('#')) line.remove_prefix(1);
  if (!line.starts_with('[')) return {};
  line = line.substr(0, line.find_last_of(']') + 1);
  while (line.starts_with('[')) line.remove_prefix(1);
  while (line.ends_with(']')) line.remove_suffix(1);
  const auto name = std::string(line.substr(0, line.find('.')));
  return name == "registry" ? name + "." + a_registry : name;
}

// "#per_image = 0" → "per_image"; empty: this line shows no key.
std::string key_of(std::string_view line) {
  if (line.starts_with('#')) line.remove_prefix(1);
  const auto sign = line.find(" = ");
  if (sign == std::string_view::npos) return {};
  const auto key = line.substr(0, sign);
  const bool plain = std::ranges::all_of(key, [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '.'; });
  return !plain ? "" : key == "users.prometheus" ? fmt::format("users.{}", a_user) : std::string(key);
}

// What the commented default file says above each key, and above each section (under "[section]").
std::map<std::string, std::string> comments() {
  std::map<std::string, std::string> found;
  std::string section, pending;
  std::string_view rest = find_example("default")->text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (const auto header = header_of(line); !header.empty()) {
      section = header + ".";
      found["[" + header + "]"] = std::exchange(pending, {});
    } else if (const auto key = key_of(line); !key.empty()) {
      found[section + key] = std::exchange(pending, {});
    } else if (line.starts_with("# ")) {
      pending += (pending.empty() ? "" : " ") + std::string(core::trimmed(line.substr(1), " "));
    } else {
      pending.clear();
    }
  }
  return found;
}

std::string section_of(const std::string& path) {
  const auto dot = path.find('.');
  if (dot == std::string::npos) return {};
  const auto first = path.substr(0, dot);
  return first == "registry" ? first + "." + a_registry : first;
}

std::string title_of(const std::string& section) {
  if (section.empty()) return "At the top";
  return section == "policy" ? "`[[policy]]`" : fmt::format("`[{}]`", section);
}

constexpr auto head = R"(# Configuration

<!-- Made by `docksweep reference configuration`. -->

Every key, what it takes, and its default. All are optional; an unknown key, a wrong type or unit is an error with line and
column. A meaning that is missing is that of the line above. Durations: `500ms`, `30s`, `10m`, `1h30m`, `90d`. Bytes:
`10GiB`, `1.5GB`. Globs: `*` crosses `/` and `:`. `{env:NAME}` and `{hostname}` are replaced in strings; `DOCKSWEEP_MODE` and
`DOCKSWEEP_KEEP_IMAGES_REGEX` override. `docksweep check-config --effective` shows what is in effect and where it came from.
)";

}  // namespace

std::string reference_page() {
  settings scratch;
  lister all;
  describe_settings(all, scratch);
  const auto meanings = comments();
  const auto meaning = [&meanings](const std::string& of) {
    const auto found = meanings.find(of);
    return found == meanings.end() ? std::string() : found->second;
  };
  std::string page = head, section = "none yet";
  for (const auto& one : all.rows) {
    if (const auto its = section_of(one.path); its != section) {
      section = its;
      page += fmt::format("\n## {}\n\n", title_of(section));
      if (const auto text = meaning("[" + section + "]"); !text.empty()) page += text + "\n\n";
      page += "| key | value | default | meaning |\n|---|---|---|---|\n";
    }
    const auto key = section.empty() ? one.path : one.path.substr(section.size() + 1);
    page += fmt::format("| {} | {} | {} | {} |\n", in_code(key), in_cell(one.what), in_cell(in_code(one.standard)),
                        in_cell(meaning(one.path)));
  }
  return page;
}

}  // namespace docksweep::config
