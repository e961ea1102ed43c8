// This machine's file systems (statvfs). It lives in store/, the adapter to this machine's own files: both do blocking
// work that must not hold up the agent.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "app/disks.hpp"

namespace docksweep::store {

// statvfs of `path`, at once, on this thread: for commands. Ratios are the kubelet's (f_bavail of f_blocks).
core::result<core::file_system> measure_file_system(const std::string& path);

// The same on a thread for each call, given up after `deadline`: a dead network mount never returns, and not even the
// end of the process waits for it. While a path hangs, it is not asked again.
std::unique_ptr<app::disks> make_local_disks(std::chrono::milliseconds deadline = std::chrono::seconds(2));

}  // namespace docksweep::store
