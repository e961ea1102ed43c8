// What is on record of alerts, held in memory beside it, so that a flood of repeats costs no transaction each. What
// counts is the record: of several processes that share it, one is told that it was first.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "app/alert_memory.hpp"

namespace docksweep::app {

class alert_book {
 public:
  explicit alert_book(alert_memory& record) : record_(record) {}  // outlives this

  // Reads the record of this engine; until it succeeds what was known stays.
  task<core::result<void>> load(std::string engine_id);

  const core::alert_record* find(const core::alert_key& key) const;            // null: not that anybody knows
  std::vector<core::alert_record> waiting_for(std::string_view policy) const;  // those that began first, first
  std::size_t waiting() const;
  std::vector<core::alert_record> waiting_unheard_since(core::instant when) const;

  // As those of alert_memory, on the engine that was loaded last.
  task<core::result<std::vector<bool>>> add(std::vector<core::alert_record> alerts);
  task<core::result<std::vector<bool>>> move(std::vector<core::alert_key> which, core::alert_state from,
                                             core::alert_state to);
  // Told of again. That is written down once an hour, or a poll every few seconds would write as often.
  task<core::result<void>> hear(std::vector<core::alert_key> which, core::instant now);

 private:
  alert_memory& record_;
  std::string engine_id_;
  std::map<core::alert_key, core::alert_record> known_;
};

}  // namespace docksweep::app
