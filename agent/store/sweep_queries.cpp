// Sweeps and removals in the file, the reading half; see the header.
#include <fmt/format.h>

#include <algorithm>

#include "store/history_records.hpp"
#include "store/sweep_tables.hpp"
#include "store/ticks.hpp"

namespace docksweep::store {
namespace {

using core::result;

// A node on which somebody else prunes day by day: the newest are enough.
constexpr int foreign_at_most = 1000;

constexpr const char* sweep_columns =
    "SELECT s.id, e.id, s.policy, s.began, s.ended, s.outcome, s.record FROM sweeps s "
    "JOIN engines e ON e.number = s.engine";

constexpr const char* removal_columns =
    "SELECT r.id, r.sweep, r.kind, r.at, r.outcome, r.freed, r.record, i.text, r.restored FROM removals r "
    "LEFT JOIN inspects i ON i.removal = r.id";

constexpr const char* unreadable = "the rest of this record cannot be read";

core::sweep_record sweep_from(const statement& row) {
  core::sweep_record sweep;
  if (!decode(row.bytes(6), sweep)) {
    sweep = {};
    sweep.problem = unreadable;
  }
  sweep.id = row.number(0);
  sweep.engine_id = row.bytes(1);
  sweep.policy = row.bytes(2);
  sweep.began = instant_from(row.number(3));
  sweep.ended = instant_from(row.optional_number(4));
  sweep.outcome = sweep_outcome_from(row.number(5));
  return sweep;
}

core::removal_record removal_from(const statement& row) {
  core::removal_record removal;
  if (!decode(row.bytes(6), removal)) {
    removal = {};
    removal.problem = unreadable;
  }
  removal.id = row.number(0);
  removal.sweep_id = row.optional_number(1).value_or(0);
  removal.kind = target_kind_from(row.number(2));
  removal.at = instant_from(row.number(3));
  removal.outcome = removal_outcome_from(row.number(4));
  removal.freed = row.optional_number(5);
  removal.inspect = row.bytes(7);
  removal.restored = instant_from(row.optional_number(8));
  return removal;
}

result<void> collect(result<statement>& query, std::vector<core::removal_record>& into) {
  return query->each([&] { into.push_back(removal_from(*query)); });
}

}  // namespace

result<void> sweep_tables::load_removals(const std::string& condition, std::int64_t value, bool newest_first,
                                         std::vector<core::removal_record>& into) {
  auto query = file_.file().prepare(
      fmt::format("{} WHERE {} ORDER BY r.id {}", removal_columns, condition, newest_first ? "DESC" : "ASC"));
  if (!query) return std::unexpected(query.error());
  query->bind(1, value);
  return collect(query, into);
}

result<void> sweep_tables::load_foreign(const app::history_query& query, app::history_page& page) {
  std::int64_t since = query.since ? ticks(*query.since) : INT64_MIN;
  // Where the page ends before the record does, foreign removals end with it.
  if (page.sweeps.size() == query.sweeps_at_most && !page.sweeps.empty()) {
    since = std::max(since, ticks(page.sweeps.back().began));
  }
  auto rows = file_.file().prepare(fmt::format(
      "{} WHERE r.sweep IS NULL AND (?1 = '' OR r.engine = (SELECT number FROM engines WHERE id = ?1)) AND r.at >= ?2 "
      "ORDER BY r.at DESC, r.id DESC LIMIT {}",
      removal_columns, foreign_at_most));
  if (!rows) return std::unexpected(rows.error());
  rows->bind_text(1, query.engine_id).bind(2, since);
  return collect(rows, page.removals);
}

result<app::history_page> sweep_tables::load(const app::history_query& query) {
  app::history_page page;
  const auto read = file_.file().snapshot([&]() -> result<void> {
    auto rows = file_.file().prepare(
        fmt::format("{} WHERE (?1 = '' OR e.id = ?1) AND (?2 IS NULL OR s.id = ?2) AND (?3 IS NULL OR s.began >= ?3) "
                    "AND (?4 = '' OR s.policy = ?4) ORDER BY s.id DESC LIMIT ?5",
                    sweep_columns));
    if (!rows) return std::unexpected(rows.error());
    rows->bind_text(1, query.engine_id)
        .bind(2, query.sweep_id)
        .bind(3, ticks(query.since))
        .bind_text(4, query.policy)
        .bind(5, static_cast<std::int64_t>(std::min<std::size_t>(query.sweeps_at_most, INT32_MAX)));
    auto done = rows->each([&] { page.sweeps.push_back(sweep_from(*rows)); });
    if (!done || !query.with_removals) return done;
    for (const core::sweep_record& sweep : page.sweeps) {
      done = load_removals("r.sweep = ?1", sweep.id, false, page.removals);
      if (!done) return done;
    }
    if (query.sweep_id || !query.policy.empty()) return done;
    return load_foreign(query, page);
  });
  if (!read) return std::unexpected(read.error());
  return page;
}

result<app::history_page> sweep_tables::unsettled(const std::string& engine) {
  app::history_page page;
  const auto read = file_.file().snapshot([&]() -> result<void> {
    // The number is written out, so that the partial index serves.
    auto rows =
        file_.file().prepare(fmt::format("{} WHERE s.outcome = 0 AND e.id = ?1 ORDER BY s.id DESC", sweep_columns));
    if (!rows) return std::unexpected(rows.error());
    rows->bind_text(1, engine);
    auto done = rows->each([&] { page.sweeps.push_back(sweep_from(*rows)); });
    if (!done) return done;
    const std::string open =
        fmt::format("r.sweep = ?1 AND r.outcome IN ({}, {})", number_of(core::removal_outcome::planned),
                    number_of(core::removal_outcome::attempted));
    for (const core::sweep_record& sweep : page.sweeps) {
      done = load_removals(open, sweep.id, false, page.removals);
      if (!done) return done;
    }
    return done;
  });
  if (!read) return std::unexpected(read.error());
  return page;
}

result<std::vector<core::removal_record>> sweep_tables::removed_since(const std::string& engine, core::instant since) {
  std::vector<core::removal_record> removed;
  // Sweeps are few and removals many: those of sweeps that had ended by then are not looked at.
  auto rows = file_.file().prepare(
      fmt::format("{} JOIN sweeps s ON s.id = r.sweep WHERE s.engine = (SELECT number FROM engines WHERE id = ?1) "
                  "AND (s.ended IS NULL OR s.ended >= ?2) AND r.kind = {} AND r.at >= ?2 AND r.outcome IN ({}, {}, {}) "
                  "ORDER BY r.at DESC, r.id DESC",
                  removal_columns, number_of(core::target_kind::image), number_of(core::removal_outcome::removed),
                  number_of(core::removal_outcome::attempted), number_of(core::removal_outcome::unknown)));
  if (!rows) return std::unexpected(rows.error());
  rows->bind_text(1, engine).bind(2, ticks(since));
  if (auto done = collect(rows, removed); !done) return std::unexpected(done.error());
  return removed;
}

result<std::int64_t> sweep_tables::count_restored_since(const std::string& engine, core::instant since) {
  auto row = file_.file().prepare(
      "SELECT count(*) FROM removals WHERE engine = (SELECT number FROM engines WHERE id = ?1) AND restored >= ?2");
  if (!row) return std::unexpected(row.error());
  row->bind_text(1, engine).bind(2, ticks(since));
  std::int64_t count = 0;
  if (auto done = row->each([&] { count = row->number(0); }); !done) return std::unexpected(done.error());
  return count;
}

}  // namespace docksweep::store
