// SQLite with owners and words; see the header.
#include "store/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <thread>

namespace docksweep::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds lock_pause{20};
constexpr int lock_tries = 250;  // 5 s

int wait_for_lock(void* stopping, int tries) {
  if (tries >= lock_tries || static_cast<const std::atomic<bool>*>(stopping)->load()) return 0;
  std::this_thread::sleep_for(lock_pause);
  return 1;
}

const char* advice(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "the file system is full: free some space there";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds the database: end it, or try again";
    case SQLITE_READONLY:
      return "the file or its folder is not writable for this user";
    case SQLITE_CANTOPEN:
      return "check that the folder exists and that this user may write there";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged; the agent moves it aside when it starts";
    case SQLITE_IOERR:
      return "the disk failed or is full: see the kernel's log";
    default:
      return "";
  }
}

}  // namespace

bool means_corrupt(int code) {
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

bool means_full(int code) {
  return (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR;
}

core::failure database::failure_for(int code) const {
  failed_code_ = code;
  const char* const hint = advice(code);
  const char* const why = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  return {core::failure_code::storage,
          fmt::format("the state in {} cannot be used: {}{}{}", path_, why, *hint != 0 ? "; " : "", hint), 0};
}

void database::closer::operator()(sqlite3* handle) const {
  // With a limit SQLite would cut the log that keep_log() leaves to nothing.
  sqlite3_exec(handle, "PRAGMA journal_size_limit=-1", nullptr, nullptr, nullptr);
  sqlite3_close_v2(handle);
}
database::database(database&&) noexcept = default;
database& database::operator=(database&&) noexcept = default;
database::~database() = default;

core::result<database> database::open(const std::string& path, access how, const std::atomic<bool>* stopping) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= how == access::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  std::string name = path;
  if (how == access::immutable) {
    flags |= SQLITE_OPEN_URI;
    name = "file:";
    for (const char c : path) {
      if (c == '?' || c == '#' || c == '%') {
        name += fmt::format("%{:02x}", static_cast<unsigned>(c));
      } else {
        name += c;
      }
    }
    name += "?immutable=1";
  }
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  database opened(path, handle);
  if (code != SQLITE_OK) return std::unexpected(opened.failure_for(code));
  sqlite3_busy_handler(handle, wait_for_lock, const_cast<std::atomic<bool>*>(stopping));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 0, 0);
  return opened;
}

core::result<void> database::configure() {
  // Small and rarely used: what caches would save is not worth the memory they hold. Debian's SQLite would write zeros
  // over everything that is deleted: FAST leaves that out where it costs writes of its own.
  return execute(
      "PRAGMA cache_size=-256; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON; PRAGMA secure_delete=FAST;");
}

core::result<statement> database::prepare(std::string_view sql) const {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  if (code != SQLITE_OK) return std::unexpected(failure_for(code));
  return statement(this, handle);
}

core::result<void> database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(failure_for(code));
  return {};
}

core::result<void> database::execute_when_free(const std::string& sql, const std::atomic<bool>* stopping) {
  for (int tries = 0;; ++tries) {
    auto done = execute(sql);
    const bool in_the_way = !done && (last_code() & 0xff) == SQLITE_BUSY;
    if (!in_the_way || wait_for_lock(const_cast<std::atomic<bool>*>(stopping), tries) == 0) return done;
  }
}

core::result<std::int64_t> database::number(std::string_view sql) const {
  auto query = prepare(sql);
  if (!query) return std::unexpected(query.error());
  auto row = query->step();
  if (!row) return std::unexpected(row.error());
  return *row ? query->number(0) : 0;
}

bool database::writable() const {
  return sqlite3_db_readonly(handle_.get(), "main") == 0;
}
int database::last_code() const {
  return sqlite3_extended_errcode(handle_.get());
}
std::int64_t database::changes() const {
  return sqlite3_changes64(handle_.get());
}
std::int64_t database::last_row() const {
  return sqlite3_last_insert_rowid(handle_.get());
}
void database::keep_log() const {
  int yes = 1;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_PERSIST_WAL, &yes);
}
void database::release_memory() const {
  sqlite3_db_release_memory(handle_.get());
}

statement::statement(statement&& other) noexcept
    : owner_(other.owner_), handle_(std::exchange(other.handle_, nullptr)) {}
statement::~statement() {
  sqlite3_finalize(handle_);
}

statement& statement::bind(int position, std::int64_t value) {
  sqlite3_bind_int64(handle_, position, value);
  return *this;
}

statement& statement::bind(int position, std::optional<std::int64_t> value) {
  if (value) return bind(position, *value);
  sqlite3_bind_null(handle_, position);
  return *this;
}

statement& statement::bind_text(int position, std::string_view value) {
  sqlite3_bind_text64(handle_, position, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

statement& statement::bind_blob(int position, std::string_view value) {
  sqlite3_bind_blob64(handle_, position, value.data(), value.size(), SQLITE_TRANSIENT);
  return *this;
}

core::result<bool> statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(owner_->failure_for(code));
}

core::result<void> statement::run() {
  core::result<void> done;
  for (;;) {
    const auto row = step();
    if (!row) done = std::unexpected(row.error());
    if (!row || !*row) break;
  }
  reset();
  return done;
}

void statement::reset() {
  sqlite3_reset(handle_);
}

std::int64_t statement::number(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::optional<std::int64_t> statement::optional_number(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::nullopt;
  return number(column);
}

std::string_view statement::bytes(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

}  // namespace docksweep::store
