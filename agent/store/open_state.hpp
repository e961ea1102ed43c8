// Opens the state file, whatever it is like: new, of an older version, damaged, read-only, in a folder that is not
// there.
#pragma once

#include <atomic>
#include <string>

#include "app/log.hpp"
#include "core/failure.hpp"
#include "store/database.hpp"
#include "store/schema.hpp"

namespace docksweep::store {

// read_write: the agent, and commands that change something. read_only: commands that only look; changes nothing on
// disk.
enum class open_mode { read_write, read_only };

struct opened_state {
  database file;
  bool durable = false;   // false: in memory only
  bool writable = false;  // false: what is saved is dropped
};

// Where the file cannot be used, answers with an empty database in memory and says so in the log: state_in_memory. A
// damaged file is moved aside first: state_moved_aside, with both paths. Fails only for a file that a newer version
// wrote (failure_code::storage): to go on beside it would lose what it holds.
core::result<opened_state> open_state(const std::string& path, open_mode mode, app::log_sink& log,
                                      const std::atomic<bool>* stopping);

}  // namespace docksweep::store
