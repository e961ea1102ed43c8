// SQLite with owners and words: one connection, its statements, its errors as failures that say what to do.
// For one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/failure.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace docksweep::store {

class database;

// A prepared statement. Values bound as bytes or text are copied.
class statement {
 public:
  statement(statement&& other) noexcept;
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement();

  statement& bind(int position, std::int64_t value);                 // positions count from 1
  statement& bind(int position, std::optional<std::int64_t> value);  // nullopt: NULL
  statement& bind_text(int position, std::string_view value);
  statement& bind_blob(int position, std::string_view value);

  core::result<bool> step();  // true: a row is there; false: done
  core::result<void> run();   // steps to the end and gets ready for the next run

  // Calls `row()` for every row that is left, then gets ready for the next run.
  template <typename Row>
  core::result<void> each(Row row) {
    for (;;) {
      const auto more = step();
      if (!more) return std::unexpected(more.error());
      if (!*more) break;
      row();
    }
    reset();
    return {};
  }
  void reset();

  std::int64_t number(int column) const;                          // columns count from 0
  std::optional<std::int64_t> optional_number(int column) const;  // nullopt: NULL
  std::string_view bytes(int column) const;                       // text or blob; valid until the next step

 private:
  friend class database;
  statement(const database* owner, sqlite3_stmt* handle) : owner_(owner), handle_(handle) {}
  const database* owner_;
  sqlite3_stmt* handle_;
};

enum class access { read_write, read_only, immutable };  // immutable: nobody writes it now, no lock and no -shm file

class database {
 public:
  // `path` is a file, or ":memory:". Nothing is read of it yet. Later calls wait up to 5 s for locks of other
  // processes, and no longer than `stopping` is false.
  static core::result<database> open(const std::string& path, access how, const std::atomic<bool>* stopping);

  database(database&&) noexcept;
  database& operator=(database&&) noexcept;
  ~database();

  core::result<void> configure();  // the settings that every connection has; reads the file for the first time
  core::result<statement> prepare(std::string_view sql) const;
  core::result<void> execute(const std::string& sql);             // one or more statements without results
  // The same, and again for up to 5 s while another connection is in the way. SQLite itself waits for no lock that a
  // reader needs to become a writer, as a change of the journal mode does: two that want it would wait for each other.
  core::result<void> execute_when_free(const std::string& sql, const std::atomic<bool>* stopping);
  core::result<std::int64_t> number(std::string_view sql) const;  // the first column of the first row

  // Runs `what` in a transaction that is rolled back when it fails.
  template <typename What>
  core::result<void> transaction(What what) {
    return enclosed("BEGIN IMMEDIATE", what);
  }
  // The same for several queries that are to see one state of the file.
  template <typename What>
  core::result<void> snapshot(What what) {
    return enclosed("BEGIN", what);
  }

  bool writable() const;                            // the operating system lets us write the file
  int last_code() const;                            // SQLite's own code of the last call (SQLITE_FULL, …)
  int failed_code() const { return failed_code_; }  // the one of the newest failure; of a transaction: what ended it
  std::int64_t changes() const;                     // rows that the last statement changed
  std::int64_t last_row() const;                    // the number of the row that was inserted last
  void keep_log() const;        // the last one to close the file leaves -wal and -shm where they are, at their size
  void release_memory() const;  // gives back what the page cache held
  const std::string& path() const { return path_; }

  core::failure failure_for(int code) const;

 private:
  database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

  template <typename What>
  core::result<void> enclosed(const char* begin, What& what) {
    failed_code_ = 0;
    if (auto begun = execute(begin); !begun) return begun;
    core::result<void> done = what();
    if (done) done = execute("COMMIT");
    if (!done) {
      const int code = failed_code_;
      (void)execute("ROLLBACK");  // fails where SQLite has rolled back by itself
      failed_code_ = code;
    }
    return done;
  }

  struct closer {
    void operator()(sqlite3* handle) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, closer> handle_;
  mutable int failed_code_ = 0;
};

// The file is not a database, or its pages contradict each other.
bool means_corrupt(int code);
// The file system is full, or the file may not grow.
bool means_full(int code);

}  // namespace docksweep::store
