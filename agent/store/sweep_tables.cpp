// Sweeps and removals in the file, the writing half; see the header.
#include "store/sweep_tables.hpp"

#include <fmt/format.h>

#include "store/history_records.hpp"
#include "store/ticks.hpp"

namespace docksweep::store {

using core::result;

result<std::int64_t> sweep_tables::insert_sweep(const core::sweep_record& sweep, std::int64_t engine) {
  auto add = file_.file().prepare(
      "INSERT INTO sweeps (engine, policy, began, ended, outcome, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  if (!add) return std::unexpected(add.error());
  add->bind(1, engine)
      .bind_text(2, sweep.policy)
      .bind(3, ticks(sweep.began))
      .bind(4, ticks(sweep.ended))
      .bind(5, number_of(sweep.outcome))
      .bind_blob(6, encode(sweep));
  if (auto done = add->run(); !done) return std::unexpected(done.error());
  return file_.file().last_row();
}

result<std::vector<std::int64_t>> sweep_tables::insert_removals(const std::vector<core::removal_record>& removals,
                                                                std::int64_t sweep, std::int64_t engine,
                                                                with_inspects inspects) {
  std::vector<std::int64_t> ids;
  ids.reserve(removals.size());
  auto add = file_.file().prepare(
      "INSERT INTO removals (sweep, engine, kind, at, outcome, freed, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!add) return std::unexpected(add.error());
  for (const core::removal_record& removal : removals) {
    add->bind(1, sweep == 0 ? std::nullopt : std::optional(sweep))
        .bind(2, engine)
        .bind(3, number_of(removal.kind))
        .bind(4, ticks(removal.at))
        .bind(5, number_of(removal.outcome))
        .bind(6, removal.freed)
        .bind_blob(7, encode(removal));
    if (auto done = add->run(); !done) return std::unexpected(done.error());
    ids.push_back(file_.file().last_row());
    if (removal.inspect.empty()) continue;
    const std::string text =
        inspects == with_inspects::yes ? bounded_inspect(removal.inspect) : inspect_without_room(removal.inspect);
    if (auto done = save_inspect(ids.back(), text); !done) return std::unexpected(done.error());
  }
  return ids;
}

// Rows that have the same text already are not written again: updates come several times in a sweep.
result<void> sweep_tables::save_inspect(std::int64_t removal, const std::string& text) {
  auto put = file_.file().prepare(
      text.empty() ? "DELETE FROM inspects WHERE removal = ?1"
                   : "INSERT INTO inspects (removal, text) VALUES (?1, ?2) ON CONFLICT (removal) DO UPDATE SET "
                     "text = excluded.text WHERE text <> excluded.text");
  if (!put) return std::unexpected(put.error());
  put->bind(1, removal);
  if (!text.empty()) put->bind_text(2, text);
  return put->run();
}

result<sweep_tables::given_ids> sweep_tables::begin_sweep(const core::sweep_record& sweep,
                                                          const std::vector<core::removal_record>& removals) {
  if (auto can = file_.must_be_writable(); !can) return std::unexpected(can.error());
  given_ids given;
  with_inspects inspects = with_inspects::yes;
  const auto attempt = [&]() -> result<void> {
    const auto engine = file_.engine_number(sweep.engine_id);
    if (!engine) return std::unexpected(engine.error());
    const auto id = insert_sweep(sweep, *engine);
    if (!id) return std::unexpected(id.error());
    auto ids = insert_removals(removals, *id, *engine, inspects);
    if (!ids) return std::unexpected(ids.error());
    given = {*id, std::move(*ids)};
    return {};
  };
  result<void> done = file_.change(durability::synced, attempt);
  if (!done && file_.ran_out_of_room()) {
    inspects = with_inspects::no;
    done = file_.change(durability::synced, attempt);
  }
  if (!done) return std::unexpected(done.error());
  return given;
}

result<void> sweep_tables::update_removal(const core::removal_record& removal) {
  if (auto can = file_.must_be_writable(); !can) return can;
  return file_.change(durability::written, [&]() -> result<void> {
    auto put = file_.file().prepare(
        "UPDATE removals SET kind = ?2, at = ?3, outcome = ?4, freed = ?5, record = ?6 WHERE id = ?1");
    if (!put) return std::unexpected(put.error());
    put->bind(1, removal.id)
        .bind(2, number_of(removal.kind))
        .bind(3, ticks(removal.at))
        .bind(4, number_of(removal.outcome))
        .bind(5, removal.freed)
        .bind_blob(6, encode(removal));
    if (auto done = change_removal(*put, removal.id); !done) return done;
    // Images have none, ever.
    if (removal.kind == core::target_kind::image && removal.inspect.empty()) return {};
    return save_inspect(removal.id, bounded_inspect(removal.inspect));
  });
}

result<void> sweep_tables::mark_restored(std::int64_t removal, core::instant at) {
  if (auto can = file_.must_be_writable(); !can) return can;
  return file_.change(durability::written, [&]() -> result<void> {
    auto put = file_.file().prepare("UPDATE removals SET restored = ?2 WHERE id = ?1");
    if (!put) return std::unexpected(put.error());
    put->bind(1, removal).bind(2, ticks(at));
    return change_removal(*put, removal);
  });
}

result<void> sweep_tables::change_removal(statement& put, std::int64_t id) {
  if (auto done = put.run(); !done) return done;
  if (file_.file().changes() == 1) return {};
  return core::fail(core::failure_code::storage,
                    fmt::format("removal {} is not on record in {}: nothing was saved", id, file_.path()));
}

result<void> sweep_tables::end_sweep(const core::sweep_record& sweep) {
  if (auto can = file_.must_be_writable(); !can) return can;
  return file_.change(durability::synced, [&]() -> result<void> {
    auto put = file_.file().prepare(
        "UPDATE sweeps SET policy = ?2, began = ?3, ended = ?4, outcome = ?5, record = ?6 WHERE id = ?1");
    if (!put) return std::unexpected(put.error());
    put->bind(1, sweep.id)
        .bind_text(2, sweep.policy)
        .bind(3, ticks(sweep.began))
        .bind(4, ticks(sweep.ended))
        .bind(5, number_of(sweep.outcome))
        .bind_blob(6, encode(sweep));
    if (auto done = put->run(); !done) return done;
    if (file_.file().changes() != 1) {
      return core::fail(core::failure_code::storage,
                        fmt::format("sweep {} is not on record in {}: nothing was saved", sweep.id, file_.path()));
    }
    auto skip = file_.file().prepare("UPDATE removals SET outcome = ?2, at = ?3 WHERE sweep = ?1 AND outcome = ?4");
    if (!skip) return std::unexpected(skip.error());
    skip->bind(1, sweep.id)
        .bind(2, number_of(core::removal_outcome::skipped))
        .bind(3, ticks(sweep.ended.value_or(sweep.began)))
        .bind(4, number_of(core::removal_outcome::planned));
    return skip->run();
  });
}

result<void> sweep_tables::record_foreign(const std::string& engine, const std::vector<core::removal_record>& gone) {
  if (auto can = file_.must_be_writable(); !can) return can;
  return file_.change(durability::synced, [&]() -> result<void> {
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    const auto ids = insert_removals(gone, 0, *number, with_inspects::yes);
    if (!ids) return std::unexpected(ids.error());
    return {};
  });
}

result<void> sweep_tables::forget_before(core::instant when) {
  if (auto can = file_.must_be_writable(); !can) return can;
  // Removals of a sweep and what containers were inspected as go along (ON DELETE CASCADE).
  constexpr const char* parts[] = {
      "DELETE FROM sweeps WHERE id IN (SELECT id FROM sweeps WHERE began < ?1 AND outcome <> 0 LIMIT 16)",
      "DELETE FROM removals WHERE id IN (SELECT id FROM removals WHERE sweep IS NULL AND at < ?1 LIMIT 1000)",
      "DELETE FROM shadows WHERE at < ?1",
  };
  for (const char* const part : parts) {
    for (std::int64_t gone = 1; gone > 0;) {
      auto done = file_.change(durability::written, [&]() -> result<void> {
        auto forget = file_.file().prepare(part);
        if (!forget) return std::unexpected(forget.error());
        forget->bind(1, ticks(when));
        auto ran = forget->run();
        gone = file_.file().changes();
        return ran;
      });
      if (!done) return done;
    }
  }
  return {};
}

}  // namespace docksweep::store
