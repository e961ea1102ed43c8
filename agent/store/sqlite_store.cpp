// The store in SQLite; see the header. Every function of `tables` runs on the worker's thread.
#include "store/sqlite_store.hpp"

#include <set>

#include "store/database.hpp"
#include "store/records.hpp"
#include "store/worker.hpp"

namespace docksweep::store {
namespace {

using core::result;

// The queries, on an open file.
class tables {
 public:
  explicit tables(opened_state state) : state_(std::move(state)) {}

  bool durable() const { return state_.durable; }

  result<std::vector<core::image_details>> load_image_details(const std::string& engine) {
    std::vector<core::image_details> all;
    auto query = state_.file.prepare(
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

  result<void> save_image_details(const std::string& engine, const std::vector<core::image_details>& details) {
    return change([&]() -> result<void> {
      const auto number = engine_number(engine);
      if (!number) return std::unexpected(number.error());
      auto put =
          state_.file.prepare("INSERT OR REPLACE INTO image_details (engine, image, record) VALUES (?1, ?2, ?3)");
      if (!put) return std::unexpected(put.error());
      for (const core::image_details& one : details) {
        put->bind(1, *number).bind_blob(2, encode_id(one.id)).bind_blob(3, encode(one));
        if (auto done = put->run(); !done) return done;
      }
      return {};
    });
  }

  result<void> keep_only_image_details(const std::string& engine, const std::vector<std::string>& ids) {
    return change([&]() -> result<void> {
      std::set<std::string> kept;
      for (const std::string& id : ids) kept.insert(encode_id(id));
      const auto number = engine_number(engine);
      if (!number) return std::unexpected(number.error());
      std::vector<std::string> gone;
      auto query = state_.file.prepare("SELECT image FROM image_details WHERE engine = ?1");
      if (!query) return std::unexpected(query.error());
      query->bind(1, *number);
      for (;;) {
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        if (std::string image(query->bytes(0)); !kept.contains(image)) gone.push_back(std::move(image));
      }
      auto forget = state_.file.prepare("DELETE FROM image_details WHERE engine = ?1 AND image = ?2");
      if (!forget) return std::unexpected(forget.error());
      for (const std::string& image : gone) {
        forget->bind(1, *number).bind_blob(2, image);
        if (auto done = forget->run(); !done) return done;
      }
      return {};
    });
  }

  result<bool> knows_an_engine() {
    auto query = state_.file.prepare("SELECT 1 FROM engines LIMIT 1");
    if (!query) return std::unexpected(query.error());
    return query->step();
  }

  result<std::optional<core::disk_usage>> load_disk_usage(const std::string& engine) {
    auto query =
        state_.file.prepare("SELECT record FROM disk_usage WHERE engine = (SELECT number FROM engines WHERE id = ?1)");
    if (!query) return std::unexpected(query.error());
    query->bind_text(1, engine);
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    return decode_disk_usage(query->bytes(0));
  }

  result<void> save_disk_usage(const std::string& engine, const core::disk_usage& usage) {
    return change([&]() -> result<void> {
      const auto number = engine_number(engine);
      if (!number) return std::unexpected(number.error());
      auto put = state_.file.prepare("INSERT OR REPLACE INTO disk_usage (engine, record) VALUES (?1, ?2)");
      if (!put) return std::unexpected(put.error());
      put->bind(1, *number).bind_blob(2, encode(usage));
      return put->run();
    });
  }

  void release_memory() const { state_.file.release_memory(); }

 private:
  template <typename What>
  result<void> change(What what) {
    if (!state_.writable) return {};
    return state_.file.transaction(std::move(what));
  }

  // The engine's number in the file; given at its first use.
  result<std::int64_t> engine_number(const std::string& engine) {
    auto add = state_.file.prepare("INSERT OR IGNORE INTO engines (id) VALUES (?1)");
    if (!add) return std::unexpected(add.error());
    add->bind_text(1, engine);
    if (auto done = add->run(); !done) return std::unexpected(done.error());
    auto query = state_.file.prepare("SELECT number FROM engines WHERE id = ?1");
    if (!query) return std::unexpected(query.error());
    query->bind_text(1, engine);
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    return query->number(0);
  }

  opened_state state_;
};

class sqlite_store final : public app::store {
 public:
  explicit sqlite_store(std::unique_ptr<worker> thread, opened_state state)
      : tables_(std::move(state)), worker_(std::move(thread)) {}

  app::task<result<bool>> knows_an_engine() override {
    return on_thread<bool>([this] { return tables_.knows_an_engine(); });
  }

  app::task<result<std::vector<core::image_details>>> load_image_details(std::string engine_id) override {
    return on_thread<std::vector<core::image_details>>(
        [this, engine = std::move(engine_id)] { return tables_.load_image_details(engine); });
  }

  app::task<result<void>> save_image_details(std::string engine_id, std::vector<core::image_details> details) override {
    return on_thread<void>([this, engine = std::move(engine_id), all = std::move(details)] {
      return tables_.save_image_details(engine, all);
    });
  }

  app::task<result<void>> keep_only_image_details(std::string engine_id, std::vector<std::string> ids) override {
    return on_thread<void>([this, engine = std::move(engine_id), kept = std::move(ids)] {
      return tables_.keep_only_image_details(engine, kept);
    });
  }

  app::task<result<std::optional<core::disk_usage>>> load_disk_usage(std::string engine_id) override {
    return on_thread<std::optional<core::disk_usage>>(
        [this, engine = std::move(engine_id)] { return tables_.load_disk_usage(engine); });
  }

  app::task<result<void>> save_disk_usage(std::string engine_id, core::disk_usage usage) override {
    return on_thread<void>([this, engine = std::move(engine_id), value = std::move(usage)] {
      return tables_.save_disk_usage(engine, value);
    });
  }

  bool durable() const override { return tables_.durable(); }

 private:
  template <typename T>
  app::task<result<T>> on_thread(std::function<result<T>()> job) {
    return worker_->run<T>([this, job = std::move(job)] {
      result<T> outcome = job();
      tables_.release_memory();
      return outcome;
    });
  }

  tables tables_;
  std::unique_ptr<worker> worker_;  // after what its jobs use: it ends first
};

}  // namespace

core::result<std::unique_ptr<app::store>> make_sqlite_store(const std::string& path, open_mode mode,
                                                            app::log_sink& log) {
  auto thread = std::make_unique<worker>();
  auto state = open_state(path, mode, log, &thread->stopping());
  if (!state) return std::unexpected(state.error());
  return std::make_unique<sqlite_store>(std::move(thread), std::move(*state));
}

}  // namespace docksweep::store
