// Reading of settings; every refusal stands at the value (or the key) that it is about.
#include "config/reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "config/nearest.hpp"

namespace docksweep::config {
namespace {

// The nightly script's setting and the mode are the two that a pod template or a unit file wants to set by itself.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> overrides{
    {{"mode", "DOCKSWEEP_MODE"}, {"keep.images_regex", "DOCKSWEEP_KEEP_IMAGES_REGEX"}}};

}  // namespace

reader::reader(const document& source, const environment& env) : source_(source), env_(env) {
  frames_.push_back({.path = "", .members = source.root().as<document_value::table>()});
}

std::string reader::path_of(std::string_view key) const {
  const auto& path = frames_.back().path;
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

const document_value* reader::take(std::string_view key) {
  auto& top = frames_.back();
  top.known.emplace_back(key);
  if (top.members == nullptr) return nullptr;
  const auto found = std::ranges::find(*top.members, key, &document_member::key);
  if (found == top.members->end()) return nullptr;
  const auto path = path_of(key);
  values_at_[path] = found->value.at;
  origins_[path] = fmt::format("{}:{}", source_.file(), found->value.at.line);
  return &found->value;
}

void reader::report(const std::string& path, position at, std::string message) {
  failed_.insert(path);
  faults_.push_back({source_.file(), at.line, at.column, std::move(message)});
}

void reader::wrong_type(std::string_view key, const document_value& value, std::string_view expected) {
  report(path_of(key), value.at, fmt::format("{} takes {}, not {}", key, expected, describe(value)));
}

bool reader::failed_under(const std::string& path) const {
  const auto from = failed_.lower_bound(path);
  return std::any_of(from, failed_.end(), [&](const std::string& one) {
    return one == path || one.starts_with(path + ".") || one.starts_with(path + "[");
  });
}

void reader::fail(const std::string& path, std::string message) {
  for (auto at = path;;) {
    const auto found = values_at_.find(at);
    if (found != values_at_.end()) return report(path, found->second, std::move(message));
    const auto cut = at.find_last_of(".[");
    if (cut == std::string::npos) return report(path, {}, std::move(message));
    at.resize(cut);
  }
}

faults reader::take_faults() {
  std::ranges::sort(faults_, {}, [](const fault& f) { return std::tie(f.line, f.column, f.message); });
  return std::move(faults_);
}

void reader::report_unknown() {
  const auto& top = frames_.back();
  if (top.members == nullptr || top.open) return;
  for (const auto& member : *top.members) {
    if (std::ranges::find(top.known, member.key) != top.known.end()) continue;
    const auto meant = nearest(member.key, top.known);
    const auto where = top.path.empty() ? std::string() : fmt::format(" in {}", top.path);
    report(path_of(member.key), member.at,
           fmt::format("unknown key \"{}\"{}{} Allowed: {}", member.key, where,
                       meant ? fmt::format("; did you mean \"{}\"?", *meant) : ".", fmt::join(top.known, ", ")));
  }
}

void reader::flag(std::string_view key, bool& place) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* read = value->as<bool>();
  if (read == nullptr) return wrong_type(key, *value, "true or false");
  place = *read;
}

void reader::number(std::string_view key, const number_slot& place) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* integer = value->as<std::int64_t>();
  const auto* real = value->as<double>();
  if (integer == nullptr && (place.whole || real == nullptr))
    return wrong_type(key, *value, place.whole ? "a whole number" : "a number, as in 0.85");
  const double read = integer != nullptr ? static_cast<double>(*integer) : *real;
  if (!std::isfinite(read)) return wrong_type(key, *value, "a finite number");
  if (place.whole && (read < place.least || read > place.most)) {
    return report(path_of(key), value->at,
                  fmt::format("{} takes a whole number from {} to {}, not {}", key, place.least, place.most, *integer));
  }
  place.set(read);
}

// {env:NAME} and {hostname} replaced, once, from left to right. nullopt: a fault was reported.
std::optional<std::string> reader::substituted(const std::string& path, const document_value& value) {
  constexpr std::string_view host = "{hostname}", variable = "{env:";
  const auto& text = *value.as<std::string>();
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = std::string_view(text).substr(at);
    if (rest.starts_with(host)) {
      out += env_.hostname;
      at += host.size();
      continue;
    }
    const auto end = rest.find('}');
    if (!rest.starts_with(variable) || end == std::string_view::npos) {
      out += text[at++];
      continue;
    }
    const std::string name(rest.substr(variable.size(), end - variable.size()));
    const auto found = env_.variables.find(name);
    if (found == env_.variables.end()) {
      report(path, source_.inside(value, at),
             fmt::format("the environment variable {} is not set", name.empty() ? "\"\"" : name));
      return std::nullopt;
    }
    out += found->second;
    at += end + 1;
  }
  return out;
}

bool reader::read_text(const std::string& path, const document_value& value, std::string_view what,
                       const std::function<set_fault(const std::string&)>& read, std::string* taken) {
  const auto key = path.substr(path.find_last_of('.') + 1);
  if (value.as<std::string>() == nullptr) {
    report(path, value.at, fmt::format("{} takes {}, not {}", key, what, describe(value)));
    return false;
  }
  const auto text = substituted(path, value);
  if (!text) return false;
  if (const auto fault = read(*text)) {
    const bool as_written = *text == *value.as<std::string>();
    report(path, as_written ? source_.inside(value, fault->offset) : value.at,
           fmt::format("{}: {}", key, fault->message));
    return false;
  }
  if (taken != nullptr) *taken = *text;
  return true;
}

void reader::text(std::string_view key, const text_slot& place) {
  const auto path = path_of(key);
  if (const auto* value = take(key)) {
    std::string taken;
    if (read_text(path, *value, place.what, place.read, &taken) && place.names_file) {
      if (const auto why = env_.why_unreadable(taken))
        report(path, value->at, fmt::format("{}: {} cannot be read: {}", key, taken, *why));
    }
  }
  apply_override(path, place);
}

void reader::apply_override(const std::string& path, const text_slot& place) {
  const auto* found = std::ranges::find(overrides, path, &decltype(overrides)::value_type::first);
  if (found == overrides.end()) return;
  const std::string name(found->second);
  const auto variable = env_.variables.find(name);
  if (variable == env_.variables.end() || variable->second.empty()) return;
  origins_[path] = name;
  if (const auto fault = place.read(variable->second)) {
    failed_.insert(path);
    faults_.push_back(
        {fmt::format("environment variable {}", name), 0, 0, fmt::format("{}: {}", path, fault->message)});
  }
}

void reader::list(std::string_view key, const list_slot& place) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* items = value->as<document_value::array>();
  if (items == nullptr) {
    return wrong_type(key, *value, fmt::format("{} in brackets, {} = [\"…\"]", place.what, key));
  }
  place.clear();
  const auto path = path_of(key);
  for (const auto& item : *items)
    read_text(path, item, fmt::format("{}, each in quotes", place.what), place.add, nullptr);
}

void reader::inside(std::string_view key, const document_value* value, const table_slot& place) {
  frames_.push_back({.path = path_of(key), .members = value == nullptr ? nullptr : value->as<document_value::table>()});
  place.visit(*this);
  report_unknown();
  frames_.pop_back();
}

void reader::table(std::string_view key, const table_slot& place) {
  const auto* value = take(key);
  if (value != nullptr && value->as<document_value::table>() == nullptr) {
    return wrong_type(key, *value, fmt::format("a table ([{0}] or {0} = {{ … }})", key));
  }
  if (value != nullptr) place.create();
  // An absent section is walked too: a variable of the environment may set one of its keys.
  if (value != nullptr || place.present()) inside(key, value, place);
}

void reader::text_or_table(std::string_view key, const text_slot& word, const table_slot& place) {
  const auto* value = take(key);
  if (value == nullptr) return;
  if (value->as<document_value::table>() == nullptr) {
    read_text(path_of(key), *value, word.what, word.read, nullptr);
    return;
  }
  place.create();
  inside(key, value, place);
}

void reader::names(std::string_view key, const names_slot& place) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* members = value->as<document_value::table>();
  if (members == nullptr) return wrong_type(key, *value, fmt::format("a table with {} as each key", place.what));
  frames_.push_back({.path = path_of(key), .members = members, .open = true});
  for (const auto& member : *members) {
    if (const auto fault = place.accept(member.key)) {
      report(path_of(member.key), member.at, fault->message);
      continue;
    }
    place.visit(*this, member.key);
  }
  frames_.pop_back();
}

void reader::tables(std::string_view key, const tables_slot& place) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* items = value->as<document_value::array>();
  if (items == nullptr) return wrong_type(key, *value, fmt::format("a list of tables, [[{}]]", key));
  const auto path = path_of(key);
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto& item = (*items)[i];
    const auto own = fmt::format("{}[{}]", path, i);
    values_at_[own] = item.at;
    place.append();
    if (item.as<document_value::table>() == nullptr) {
      report(own, item.at, fmt::format("{} takes a list of tables, [[{}]], not {}", key, key, describe(item)));
      continue;
    }
    frames_.push_back({.path = own, .members = item.as<document_value::table>()});
    place.visit(*this, i);
    report_unknown();
    frames_.pop_back();
  }
}

}  // namespace docksweep::config
