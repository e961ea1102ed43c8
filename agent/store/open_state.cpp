// Opens the state file, whatever it is like; see the header.
#include "store/open_state.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "store/reserve.hpp"

namespace docksweep::store {
namespace {

namespace fs = std::filesystem;

struct trouble {
  core::failure why;
  bool corrupt = false;
  bool newer = false;
  bool full = false;  // no room, on the disk or for one of SQLite's files
};

template <typename T>
using attempt = std::expected<T, trouble>;

std::unexpected<trouble> in_trouble(const database& file, core::failure why) {
  return std::unexpected(
      trouble{std::move(why), means_corrupt(file.last_code()), false, means_full(file.failed_code())});
}

attempt<std::int64_t> version_of(const database& file) {
  const auto version = file.number("PRAGMA user_version");
  if (!version) return in_trouble(file, version.error());
  if (*version <= schema_version) return *version;
  trouble newer;
  newer.newer = true;
  newer.why = {core::failure_code::storage,
               fmt::format("the state in {} was written by a newer docksweep (schema {}, this one knows {}): run that "
                           "version, or set [state].path to another file",
                           file.path(), *version, schema_version),
               0};
  return std::unexpected(std::move(newer));
}

attempt<void> migrate(database& file) {
  const auto seen = version_of(file);
  if (!seen) return std::unexpected(seen.error());
  if (*seen == schema_version) return {};
  bool newer = false;
  trouble found;
  // Asked again inside the transaction: another process may have done it in the meantime.
  const auto done = file.transaction([&]() -> core::result<void> {
    const auto version = version_of(file);
    if (!version) {
      newer = true;
      found = version.error();
      return std::unexpected(found.why);
    }
    for (auto step = static_cast<std::size_t>(*version); step < migrations.size(); ++step) {
      if (auto ran = file.execute(migrations[step]); !ran) return ran;
    }
    return file.execute(fmt::format("PRAGMA user_version={}", schema_version));
  });
  if (newer) return std::unexpected(std::move(found));
  if (!done) return in_trouble(file, done.error());
  return {};
}

// The damage that SQLite itself finds; a few milliseconds for the few hundred kilobytes that the file has.
attempt<void> check(const database& file) {
  auto query = file.prepare("PRAGMA quick_check(1)");
  if (!query) return in_trouble(file, query.error());
  const auto row = query->step();
  if (!row) return in_trouble(file, row.error());
  if (*row && query->bytes(0) == "ok") return {};
  trouble damaged;
  damaged.corrupt = true;
  damaged.why = {core::failure_code::storage,
                 fmt::format("{} is damaged: {}", file.path(), *row ? query->bytes(0) : std::string_view("no answer")),
                 0};
  return std::unexpected(std::move(damaged));
}

attempt<opened_state> open_to_write(const std::string& path, const std::atomic<bool>* stopping) {
  auto file = database::open(path, access::read_write, stopping);
  if (!file) return std::unexpected(trouble{file.error()});
  if (const auto set = file->configure(); !set) return in_trouble(*file, set.error());
  if (const auto sound = check(*file); !sound) return std::unexpected(sound.error());
  if (!file->writable()) {
    const auto version = version_of(*file);
    if (!version) return std::unexpected(version.error());
    return std::unexpected(trouble{{core::failure_code::storage, path + " is not writable for this user", 0}});
  }
  // WAL: readers never wait for a writer. FULL: what is recorded is on the disk. The log is emptied at half of the size
  // that is held for it, so that it need not grow when the disk is full, and it stays when the file is closed.
  file->keep_log();
  auto set = file->execute_when_free(
      fmt::format("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint={}; "
                  "PRAGMA journal_size_limit={};",
                  log_room_bytes / 2 / 4096, log_room_bytes),
      stopping);
  if (!set) return in_trouble(*file, set.error());
  if (const auto migrated = migrate(*file); !migrated) return std::unexpected(migrated.error());
  return opened_state{std::move(*file), true, true};
}

attempt<std::int64_t> version_of(core::result<database>& file) {
  if (!file) return std::unexpected(trouble{file.error()});
  if (const auto set = file->configure(); !set) return in_trouble(*file, set.error());
  return version_of(*file);
}

attempt<opened_state> open_to_read(const std::string& path, const std::atomic<bool>* stopping) {
  if (::access(path.c_str(), R_OK) != 0) {
    return std::unexpected(
        trouble{{core::failure_code::storage, fmt::format("{}: {}", path, std::strerror(errno)), 0}});
  }
  auto file = database::open(path, access::read_only, stopping);
  auto version = version_of(file);
  // A WAL file wants a -shm file beside it. Where that cannot be made and no log is there, nobody is writing either.
  if (!version && !version.error().newer && !version.error().corrupt && !fs::exists(path + "-wal")) {
    file = database::open(path, access::immutable, stopping);
    version = version_of(file);
  }
  if (!version) return std::unexpected(version.error());
  if (*version != schema_version) {
    return std::unexpected(trouble{{core::failure_code::storage, path + " holds no state of this version yet", 0}});
  }
  return opened_state{std::move(*file), true, false};
}

// Its folder, and the file itself for its owner alone: records of removals may hold what containers were started with.
core::result<void> prepare_place(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  std::error_code problem;
  if (!folder.empty() && !fs::exists(folder, problem)) {
    fs::create_directories(folder, problem);
    if (problem) {
      return core::fail(core::failure_code::storage,
                        fmt::format("the folder {} cannot be made: {}", folder.string(), problem.message()));
    }
  }
  // A file that is there is not opened: to close it would drop locks that SQLite holds on it in this process.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0 && errno == EEXIST) return {};
  if (file < 0) return core::fail(core::failure_code::storage, fmt::format("{}: {}", path, std::strerror(errno)));
  ::close(file);
  return {};
}

core::result<std::string> move_aside(const std::string& path) {
  const std::string stamp = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
  std::string aside = path + ".damaged-" + stamp;
  for (int number = 2; fs::exists(aside); ++number) aside = fmt::format("{}.damaged-{}-{}", path, stamp, number);
  std::error_code problem;
  fs::rename(path, aside, problem);
  if (problem) {
    return core::fail(core::failure_code::storage,
                      fmt::format("{} cannot be moved aside: {}", path, problem.message()));
  }
  // The log belongs to the file: with a new file of the old name it would be replayed into that one.
  for (const char* const part : {"-wal", "-shm"}) {
    if (fs::exists(path + part, problem)) fs::rename(path + part, aside + part, problem);
  }
  return aside;
}

core::result<opened_state> in_memory(const std::string& why, app::log_sink& log, open_mode mode,
                                     const std::atomic<bool>* stopping) {
  log.log(mode == open_mode::read_write ? app::log_level::warn : app::log_level::debug, "state_in_memory",
          {{"why", why}, {"next", "go on without a record of earlier runs"}});
  auto file = database::open(":memory:", access::read_write, stopping);
  if (!file) return std::unexpected(file.error());
  if (const auto set = file->configure(); !set) return std::unexpected(set.error());
  if (const auto migrated = migrate(*file); !migrated) return std::unexpected(migrated.error().why);
  return opened_state{std::move(*file), false, true};
}

}  // namespace

core::result<opened_state> open_state(const std::string& path, open_mode mode, app::log_sink& log,
                                      const std::atomic<bool>* stopping) {
  if (path.empty()) return in_memory("no path is set", log, mode, stopping);
  if (mode == open_mode::read_only) {
    auto state = open_to_read(path, stopping);
    if (state) return std::move(*state);
    if (state.error().newer) return std::unexpected(state.error().why);
    return in_memory(state.error().why.message, log, mode, stopping);
  }
  if (const auto place = prepare_place(path); !place) {
    // A file that is there, but not writable, may still come from a newer version: said by the attempt below.
    if (!fs::exists(path)) return in_memory(place.error().message, log, mode, stopping);
  }
  auto state = open_to_write(path, stopping);
  // SQLite's files beside it may have to be made anew, which takes a few pages.
  if (!state && state.error().full && reserve_file(path).give_back()) state = open_to_write(path, stopping);
  if (!state && state.error().corrupt) {
    const auto aside = move_aside(path);
    if (!aside) return in_memory(aside.error().message, log, mode, stopping);
    log.log(
        app::log_level::error, "state_moved_aside",
        {{"path", path}, {"to", *aside}, {"why", state.error().why.message}, {"next", "begin with an empty state"}});
    (void)prepare_place(path);
    state = open_to_write(path, stopping);
  }
  if (state) return std::move(*state);
  if (state.error().newer) return std::unexpected(state.error().why);
  return in_memory(state.error().why.message, log, mode, stopping);
}

}  // namespace docksweep::store
