// Image details and disk usage in the file; see the header.
#include "store/image_tables.hpp"

#include <set>

#include "store/records.hpp"

namespace docksweep::store {

using core::result;

result<std::vector<core::image_details>> image_tables::load_image_details(const std::string& engine) {
  std::vector<core::image_details> all;
  auto query = file_.file().prepare(
      "SELECT image, record FROM image_details WHERE engine = (SELECT number FROM engines WHERE id = ?1)");
  if (!query) return std::unexpected(query.error());
  query->bind_text(1, engine);
  for (;;) {
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    auto id = decode_id(query->bytes(0));
    if (!id) continue;
    if (auto details = decode_image_details(std::move(*id), query->bytes(1))) all.push_back(std::move(*details));
  }
  return all;
}

result<void> image_tables::save_image_details(const std::string& engine,
                                              const std::vector<core::image_details>& details) {
  return file_.change(durability::synced, [&]() -> result<void> {
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    auto put = file_.file().prepare("INSERT OR REPLACE INTO image_details (engine, image, record) VALUES (?1, ?2, ?3)");
    if (!put) return std::unexpected(put.error());
    for (const core::image_details& one : details) {
      put->bind(1, *number).bind_blob(2, encode_id(one.id)).bind_blob(3, encode(one));
      if (auto done = put->run(); !done) return done;
    }
    return {};
  });
}

result<void> image_tables::keep_only_image_details(const std::string& engine, const std::vector<std::string>& ids) {
  return file_.change(durability::synced, [&]() -> result<void> {
    std::set<std::string> kept;
    for (const std::string& id : ids) kept.insert(encode_id(id));
    const auto number = file_.engine_number(engine);
    if (!number) return std::unexpected(number.error());
    std::vector<std::string> gone;
    auto query = file_.file().prepare("SELECT image FROM image_details WHERE engine = ?1");
    if (!query) return std::unexpected(query.error());
    query->bind(1, *number);
    for (;;) {
      const auto row = query->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      if (std::string image(query->bytes(0)); !kept.contains(image)) gone.push_back(std::move(image));
    }
    auto forget = file_.file().prepare("DELETE FROM image_details WHERE engine = ?1 AND image = ?2");
    if (!forget) return std::unexpected(forget.error());
    for (const std::string& image : gone) {
      forget->bind(1, *number).bind_blob(2, image);
      if (auto done = forget->run(); !done) return done;
    }
    return {};
  });
}

result<bool> image_tables::knows_an_engine() {
  auto query = file_.file().prepare("SELECT 1 FROM engines LIMIT 1");
  if (!query) return std::unexpected(query.error());
  return query->step();
}

result<std::optional<core::disk_usage>> image_tables::load_disk_usage(const core::engine_identity& of) {
  auto query =
      file_.file().prepare("SELECT record FROM disk_usage WHERE engine = (SELECT number FROM engines WHERE id = ?1)");
  if (!query) return std::unexpected(query.error());
  query->bind_text(1, of.id);
  const auto row = query->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return decode_disk_usage(query->bytes(0), of);
}

result<void> image_tables::save_disk_usage(const core::engine_identity& of, const core::disk_usage& usage) {
  return file_.change(durability::synced, [&]() -> result<void> {
    const auto number = file_.engine_number(of.id);
    if (!number) return std::unexpected(number.error());
    auto put = file_.file().prepare("INSERT OR REPLACE INTO disk_usage (engine, record) VALUES (?1, ?2)");
    if (!put) return std::unexpected(put.error());
    put->bind(1, *number).bind_blob(2, encode(usage, of));
    return put->run();
  });
}

}  // namespace docksweep::store
