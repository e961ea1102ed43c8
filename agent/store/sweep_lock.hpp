// The sole right to sweep an engine, across processes: an OFD lock (fcntl, F_OFD_SETLK) on a file beside the state. The
// kernel drops it with the process that holds it, however that ends.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/history.hpp"
#include "core/failure.hpp"

namespace docksweep::store {

// PATH.sweep-<12 hex digits>.lock: an engine's ID may hold anything, its hash does not.
std::string sweep_lock_path(const std::string& state_path, const std::string& engine_id);

// Makes the file, at its full size: to lock it later takes no byte of the disk.
core::result<void> make_sweep_lock(const std::string& lock_path);

// Null: another process (or another permit of this one) holds it. The file says who: "process 1234".
core::result<std::unique_ptr<app::sweep_permit>> try_sweep_lock(const std::string& lock_path);

// Who sweeps this engine now: "process 1234"; nullopt: nobody, or there is no such file. For messages.
std::optional<std::string> sweep_holder(const std::string& state_path, const std::string& engine_id);

}  // namespace docksweep::store
