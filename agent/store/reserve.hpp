// Room that the state holds in reserve, so that a sweep can be put on record when the disk has no byte left:
//   - SQLite's log (-wal) has its full size from the start and is written over in place; it and its index (-shm) stay
//     when the last process closes the file (database::keep_log);
//   - the database file has free pages inside, which new rows take first;
//   - a file beside it, PATH.reserve, is emptied when SQLite runs out of room anyway, and the change is tried again.
// Together 16 MiB: records of about 8,000 removals. All of it is made only where twice as much is available, so that
// the reserve itself never fills a disk. On file systems that never write in place (btrfs, ZFS) only the file helps.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "core/failure.hpp"
#include "store/database.hpp"

namespace docksweep::store {

inline constexpr std::int64_t log_room_bytes = 4 * 1024 * 1024;
inline constexpr std::int64_t free_page_room_bytes = 4 * 1024 * 1024;
inline constexpr std::int64_t reserve_file_bytes = 8 * 1024 * 1024;

// Grows the log to its full size. Holds the write lock meanwhile: nobody else appends to it. Fails with
// failure_code::storage where there is no room.
core::result<void> extend_log(database& file);

// Before the file is closed: what is in the log goes to its place, and the log becomes zeros again, so that it would do
// no harm to a state file that somebody puts back from a backup. Does nothing where others have the file open, or where
// the disk has no room to make the log anew.
void reset_log(database& file);

// Makes free pages inside the file when half of them are used up. Gives up early, without a failure, when `stopping`.
core::result<void> keep_free_pages(database& file, const std::atomic<bool>& stopping);

// What filling was in work when a process died holds pages: this frees them.
core::result<void> remove_filler(database& file);

class reserve_file {
 public:
  explicit reserve_file(const std::string& state_path) : path_(state_path + ".reserve") {}

  core::result<void> fill() const;  // to its full size; does nothing when it has it
  bool is_full() const;
  bool give_back() const;  // empties it; false: there was nothing in it
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace docksweep::store
