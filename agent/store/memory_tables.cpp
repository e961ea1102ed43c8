// What triggers and books remember, in the file; see the header.
#include "store/memory_tables.hpp"

#include "store/history_records.hpp"
#include "store/records.hpp"
#include "store/ticks.hpp"

namespace docksweep::store {

using core::result;

result<std::optional<core::pause_state>> memory_tables::load_pause() {
  std::optional<core::pause_state> pause;
  auto query = file_.file().prepare("SELECT since, until, reason, actor FROM pause");
  if (!query) return std::unexpected(query.error());
  const auto read = query->each([&] {
    pause = core::pause_state{instant_from(query->number(0)), instant_from(query->optional_number(1)),
                              std::string(query->bytes(2)), std::string(query->bytes(3))};
  });
  if (!read) return std::unexpected(read.error());
  return pause;
}

result<void> memory_tables::save_pause(const std::optional<core::pause_state>& pause) {
  if (auto can = file_.must_be_writable(); !can) return can;
  return file_.change(durability::synced, [&]() -> result<void> {
    if (!pause) return file_.file().execute("DELETE FROM pause");
    auto put = file_.file().prepare(
        "INSERT OR REPLACE INTO pause (only_one, since, until, reason, actor) VALUES (1, ?1, ?2, ?3, ?4)");
    if (!put) return std::unexpected(put.error());
    put->bind(1, ticks(pause->since))
        .bind(2, ticks(pause->until))
        .bind_text(3, pause->reason)
        .bind_text(4, pause->actor);
    return put->run();
  });
}

result<std::map<std::string, core::policy_memory>> memory_tables::load_policies(const std::string& engine) {
  std::map<std::string, core::policy_memory> policies;
  auto query = file_.file().prepare(
      "SELECT policy, last_began, last_ended, last_scheduled, last_success FROM policies "
      "WHERE engine = (SELECT number FROM engines WHERE id = ?1)");
  if (!query) return std::unexpected(query.error());
  query->bind_text(1, engine);
  const auto read = query->each([&] {
    std::string name(query->bytes(0));
    policies[name] = {name, instant_from(query->optional_number(1)), instant_from(query->optional_number(2)),
                      instant_from(query->optional_number(3)), instant_from(query->optional_number(4))};
  });
  if (!read) return std::unexpected(read.error());
  return policies;
}

result<void> memory_tables::save_policy(const std::string& engine, const core::policy_memory& memory,
                                        core::instant now) {
  return file_.change(durability::synced, [&]() -> result<void> {
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    std::string sql =
        "INSERT INTO policies (engine, policy, last_began, last_ended, last_scheduled, last_success) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (engine, policy) DO UPDATE SET ";
    for (const std::string column : {"last_began", "last_ended", "last_scheduled", "last_success"}) {
      if (column != "last_began") sql += ", ";
      sql += column + " = CASE WHEN excluded." + column + " IS NULL THEN " + column + " WHEN " + column +
             " IS NULL OR " + column + " > ?7 THEN excluded." + column + " ELSE max(" + column + ", excluded." +
             column + ") END";
    }
    auto put = file_.file().prepare(sql);
    if (!put) return std::unexpected(put.error());
    put->bind(1, *number)
        .bind_text(2, memory.policy)
        .bind(3, ticks(memory.last_began))
        .bind(4, ticks(memory.last_ended))
        .bind(5, ticks(memory.last_scheduled))
        .bind(6, ticks(memory.last_success))
        .bind(7, ticks(now));
    return put->run();
  });
}

result<std::vector<core::shadow_removal>> memory_tables::load_shadows(const std::string& engine, core::instant since) {
  std::vector<core::shadow_removal> shadows;
  auto query = file_.file().prepare(
      "SELECT policy, image, at, record FROM shadows WHERE engine = (SELECT number FROM engines WHERE id = ?1) "
      "AND at >= ?2");
  if (!query) return std::unexpected(query.error());
  query->bind_text(1, engine).bind(2, ticks(since));
  const auto read = query->each([&] {
    auto image = decode_id(query->bytes(1));
    if (!image) return;
    core::shadow_removal shadow{std::string(query->bytes(0)), std::move(*image), {}, instant_from(query->number(2))};
    if (decode_references(query->bytes(3), shadow)) shadows.push_back(std::move(shadow));
  });
  if (!read) return std::unexpected(read.error());
  return shadows;
}

result<void> memory_tables::save_shadows(const std::string& engine, const std::vector<core::shadow_removal>& shadows) {
  return file_.change(durability::written, [&]() -> result<void> {
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    auto put = file_.file().prepare(
        "INSERT OR REPLACE INTO shadows (engine, policy, image, at, record) VALUES (?1, ?2, ?3, ?4, ?5)");
    if (!put) return std::unexpected(put.error());
    for (const core::shadow_removal& shadow : shadows) {
      put->bind(1, *number)
          .bind_text(2, shadow.policy)
          .bind_blob(3, encode_id(shadow.image_id))
          .bind(4, ticks(shadow.at))
          .bind_blob(5, encode_references(shadow));
      if (auto done = put->run(); !done) return done;
    }
    return {};
  });
}

result<void> memory_tables::forget_shadow(const std::string& engine, const std::string& policy,
                                          const std::string& image) {
  return file_.change(durability::written, [&]() -> result<void> {
    auto forget = file_.file().prepare(
        "DELETE FROM shadows WHERE engine = (SELECT number FROM engines WHERE id = ?1) AND policy = ?2 AND image = ?3");
    if (!forget) return std::unexpected(forget.error());
    forget->bind_text(1, engine).bind_text(2, policy).bind_blob(3, encode_id(image));
    return forget->run();
  });
}

result<std::vector<core::use_record>> memory_tables::load_use(const std::string& engine, use_of what) {
  std::vector<core::use_record> records;
  auto query = file_.file().prepare(
      "SELECT id, first_seen, last_used, in_use, origin FROM uses "
      "WHERE engine = (SELECT number FROM engines WHERE id = ?1) AND kind = ?2");
  if (!query) return std::unexpected(query.error());
  query->bind_text(1, engine).bind(2, static_cast<std::int64_t>(what));
  const auto read = query->each([&] {
    auto id = decode_id(query->bytes(0));
    if (!id) return;
    records.push_back({std::move(*id), instant_from(query->number(1)), instant_from(query->number(2)),
                       query->number(3) != 0, image_origin_from(query->number(4))});
  });
  if (!read) return std::unexpected(read.error());
  return records;
}

result<void> memory_tables::save_use(const std::string& engine, use_of what, const core::use_book::changes& changes) {
  if (changes.empty()) return {};
  return file_.change(durability::synced, [&]() -> result<void> {
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    auto forget = file_.file().prepare("DELETE FROM uses WHERE engine = ?1 AND kind = ?2 AND id = ?3");
    if (!forget) return std::unexpected(forget.error());
    for (const std::string& id : changes.gone) {
      forget->bind(1, *number).bind(2, static_cast<std::int64_t>(what)).bind_blob(3, encode_id(id));
      if (auto done = forget->run(); !done) return done;
    }
    auto put = file_.file().prepare(
        "INSERT OR REPLACE INTO uses (engine, kind, id, first_seen, last_used, in_use, origin) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    if (!put) return std::unexpected(put.error());
    for (const core::use_record& record : changes.records) {
      put->bind(1, *number)
          .bind(2, static_cast<std::int64_t>(what))
          .bind_blob(3, encode_id(record.id))
          .bind(4, ticks(record.first_seen))
          .bind(5, ticks(record.last_used))
          .bind(6, std::int64_t{record.in_use})
          .bind(7, number_of(record.origin));
      if (auto done = put->run(); !done) return done;
    }
    return {};
  });
}

result<std::optional<app::history::clock_mark>> memory_tables::load_clock_mark() {
  std::optional<app::history::clock_mark> mark;
  auto query = file_.file().prepare("SELECT boot_id, wall, boot FROM clock_mark");
  if (!query) return std::unexpected(query.error());
  const auto read = query->each([&] {
    mark = app::history::clock_mark{std::string(query->bytes(0)), instant_from(query->number(1)),
                                    std::chrono::nanoseconds(query->number(2))};
  });
  if (!read) return std::unexpected(read.error());
  return mark;
}

result<void> memory_tables::save_clock_mark(const app::history::clock_mark& mark) {
  return file_.change(durability::written, [&]() -> result<void> {
    auto put = file_.file().prepare(
        "INSERT OR REPLACE INTO clock_mark (only_one, boot_id, wall, boot) VALUES (1, ?1, ?2, ?3)");
    if (!put) return std::unexpected(put.error());
    put->bind_text(1, mark.boot_id).bind(2, ticks(mark.wall)).bind(3, std::int64_t{mark.boot.count()});
    return put->run();
  });
}

}  // namespace docksweep::store
