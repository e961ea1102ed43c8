// The store in SQLite: what survives a restart. It works on a thread of its own, so that a slow disk or another
// process's lock never holds up the agent; callers wait in their coroutine and go on where they were.
//
// What a power cut takes: nothing that begin_sweep, end_sweep, record_foreign, save_pause, save_policy, save_image_use,
// save_volume_use, add_alerts, move_alerts, save_image_details or save_disk_usage answered for (they are synced, and with them everything
// before); at most the newest of update_removal, save_shadows, forget_shadow, forget_history_before,
// hear_alerts, forget_alerts_before and save_clock_mark. So a sweep is on the disk, whole, before its first removal; a removal whose update was lost reads as
// `planned` or `attempted` of a sweep that is `running`, is in unsettled(), and the engine is asked what became of it.
// kill -9 takes nothing that was answered for.
//
// What a full disk takes: see store/reserve.hpp.
#pragma once

#include <memory>
#include <string>

#include "app/history.hpp"
#include "app/log.hpp"
#include "store/open_state.hpp"

namespace docksweep::store {

// See open_state for what happens to a path that cannot be used: durable() is false then, or this fails (a file of a
// newer version). A read-only store drops what is saved, save_pause and the record of sweeps excepted: they fail.
// `log` has to outlive the store, and is written to from the store's thread, too.
// Calls that are cancelled return failure_code::cancelled at once; what they began still happens, unless the store
// ends.
core::result<std::unique_ptr<app::state>> make_sqlite_store(const std::string& path, open_mode mode,
                                                            app::log_sink& log);

}  // namespace docksweep::store
