// The record of alerts; see the header. Numbers of states and sources are in files: they are never changed.
#include "store/alert_tables.hpp"

#include "app/alert_memory.hpp"
#include "store/ticks.hpp"

namespace docksweep::store {
namespace {

using core::result;

std::int64_t number_of(core::alert_state state) {
  switch (state) {
    case core::alert_state::waiting:
      return 0;
    case core::alert_state::begun:
      return 1;
    case core::alert_state::resolved:
      return 2;
  }
  return 1;
}

// What nobody knows starts nothing.
core::alert_state state_from(std::int64_t number) {
  if (number == 0) return core::alert_state::waiting;
  return number == 2 ? core::alert_state::resolved : core::alert_state::begun;
}

std::int64_t number_of(core::alert_source source) {
  return source == core::alert_source::webhook ? 0 : 1;
}

core::alert_source source_from(std::int64_t number) {
  return number == 0 ? core::alert_source::webhook : core::alert_source::alertmanager;
}

statement& bind_key(statement& to, std::int64_t engine, const core::alert_key& key) {
  return to.bind(1, engine).bind_text(2, key.policy).bind_text(3, key.fingerprint).bind(4, ticks(key.starts_at));
}

constexpr const char* of_key = "WHERE engine = ?1 AND policy = ?2 AND fingerprint = ?3 AND starts = ?4";

}  // namespace

result<std::vector<core::alert_record>> alert_tables::load(const std::string& engine) {
  std::vector<core::alert_record> alerts;
  auto query = file_.file().prepare(
      "SELECT policy, fingerprint, starts, state, source, heard, text FROM alerts "
      "WHERE engine = (SELECT number FROM engines WHERE id = ?1) ORDER BY heard DESC LIMIT ?2");
  if (!query) return std::unexpected(query.error());
  query->bind_text(1, engine).bind(2, static_cast<std::int64_t>(app::alerts_loaded_at_most));
  const auto read = query->each([&] {
    alerts.push_back({.key = {.policy = std::string(query->bytes(0)),
                              .fingerprint = std::string(query->bytes(1)),
                              .starts_at = instant_from(query->number(2))},
                      .state = state_from(query->number(3)),
                      .source = source_from(query->number(4)),
                      .text = std::string(query->bytes(6)),
                      .heard_at = instant_from(query->number(5))});
  });
  if (!read) return std::unexpected(read.error());
  return alerts;
}

result<std::vector<bool>> alert_tables::add(const std::string& engine, std::span<const core::alert_record> alerts) {
  if (auto can = file_.must_be_writable(); !can) return std::unexpected(can.error());
  std::vector<bool> added;
  const auto done = file_.change(durability::synced, [&]() -> result<void> {
    added.assign(alerts.size(), false);
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    auto put = file_.file().prepare(
        "INSERT OR IGNORE INTO alerts (engine, policy, fingerprint, starts, state, source, heard, text) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    if (!put) return std::unexpected(put.error());
    for (std::size_t i = 0; i < alerts.size(); ++i) {
      bind_key(*put, *number, alerts[i].key)
          .bind(5, number_of(alerts[i].state))
          .bind(6, number_of(alerts[i].source))
          .bind(7, ticks(alerts[i].heard_at))
          .bind_text(8, alerts[i].text);
      if (auto ran = put->run(); !ran) return ran;
      added[i] = file_.file().changes() > 0;
    }
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return added;
}

result<std::vector<bool>> alert_tables::move(const std::string& engine, std::span<const core::alert_key> which,
                                             core::alert_state from, core::alert_state to) {
  if (auto can = file_.must_be_writable(); !can) return std::unexpected(can.error());
  std::vector<bool> moved;
  const auto done = file_.change(durability::synced, [&]() -> result<void> {
    moved.assign(which.size(), false);
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    auto put = file_.file().prepare(std::string("UPDATE alerts SET state = ?5 ") + of_key + " AND state = ?6");
    if (!put) return std::unexpected(put.error());
    for (std::size_t i = 0; i < which.size(); ++i) {
      bind_key(*put, *number, which[i]).bind(5, number_of(to)).bind(6, number_of(from));
      if (auto ran = put->run(); !ran) return ran;
      moved[i] = file_.file().changes() > 0;
    }
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return moved;
}

result<void> alert_tables::hear(const std::string& engine, std::span<const core::alert_key> which, core::instant when) {
  return file_.change(durability::written, [&]() -> result<void> {
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    auto put = file_.file().prepare(std::string("UPDATE alerts SET heard = max(heard, ?5) ") + of_key);
    if (!put) return std::unexpected(put.error());
    for (const auto& key : which) {
      bind_key(*put, *number, key).bind(5, ticks(when));
      if (auto ran = put->run(); !ran) return ran;
    }
    return {};
  });
}

result<void> alert_tables::forget_before(core::instant when) {
  return file_.change(durability::written, [&]() -> result<void> {
    auto forget = file_.file().prepare("DELETE FROM alerts WHERE heard < ?1");
    if (!forget) return std::unexpected(forget.error());
    forget->bind(1, ticks(when));
    return forget->run();
  });
}

}  // namespace docksweep::store
