// The store in SQLite: what survives a restart. It works on a thread of its own, so that a slow disk or another
// process's lock never holds up the agent; callers wait in their coroutine and go on where they were.
#pragma once

#include <memory>
#include <string>

#include "app/log.hpp"
#include "app/store.hpp"
#include "store/open_state.hpp"

namespace docksweep::store {

// See open_state for what happens to a path that cannot be used: durable() is false then, or this fails (a file of a
// newer version). A read-only store drops what is saved. `log` has to outlive the store.
// Calls that are cancelled return failure_code::cancelled at once; what they began still happens, unless the store
// ends.
core::result<std::unique_ptr<app::store>> make_sqlite_store(const std::string& path, open_mode mode,
                                                            app::log_sink& log);

}  // namespace docksweep::store
