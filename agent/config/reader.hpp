// Walks the description of all keys (keys.hpp) over a document and fills the settings; collects every fault on the way.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.hpp"
#include "config/environment.hpp"
#include "config/keys.hpp"
#include "config/load.hpp"

namespace docksweep::config {

class reader final : public key_visitor {
 public:
  reader(const document& source, const environment& env);

  void flag(std::string_view key, bool& place) override;
  void number(std::string_view key, const number_slot& place) override;
  void text(std::string_view key, const text_slot& place) override;
  void list(std::string_view key, const list_slot& place) override;
  void table(std::string_view key, const table_slot& place) override;
  void text_or_table(std::string_view key, const text_slot& word, const table_slot& place) override;
  void names(std::string_view key, const names_slot& place) override;
  void tables(std::string_view key, const tables_slot& place) override;

  // After the walk: keys of the top level that nobody asked for.
  void finish() { report_unknown(); }

  // For checks across keys. A path is "web.tls.cert" or "policy[0].until"; a key that is not written stands where the
  // nearest table around it begins.
  bool written(const std::string& path) const { return values_at_.contains(path); }
  bool failed_at(const std::string& path) const { return failed_.contains(path); }
  bool failed_under(const std::string& path) const;  // there, or at a key below it
  void fail(const std::string& path, std::string message);

  faults take_faults();
  origins take_origins() { return std::move(origins_); }

 private:
  struct frame {
    std::string path;
    const document_value::table* members = nullptr;  // null: the table is not written
    std::vector<std::string> known;
    bool open = false;  // its keys are the user's own
  };

  const document_value* take(std::string_view key);
  std::string path_of(std::string_view key) const;
  void report(const std::string& path, position at, std::string message);
  void wrong_type(std::string_view key, const document_value& value, std::string_view expected);
  void report_unknown();
  void inside(std::string_view key, const document_value* value, const table_slot& place);
  std::optional<std::string> substituted(const std::string& path, const document_value& value);
  bool read_text(const std::string& path, const document_value& value, std::string_view what,
                 const std::function<set_fault(const std::string&)>& read, std::string* taken);
  void apply_override(const std::string& path, const text_slot& place);

  const document& source_;
  const environment& env_;
  std::vector<frame> frames_;
  std::map<std::string, position> values_at_;
  std::set<std::string> failed_;
  faults faults_;
  origins origins_;
};

}  // namespace docksweep::config
