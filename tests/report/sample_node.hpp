// A small node with one of everything, whose figures can be worked out by hand; and a big one for measuring.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/view.hpp"
#include "report/node_metrics.hpp"

namespace docksweep::report::testing {

// 2026-11-23T12:00:00.250Z
core::instant sample_now();

// "sha256:" and 64 hex digits made of `digit`.
std::string sample_id(char digit);

// Layers (bytes): base 1000 ← app 200 (in use by an exited container), base ← tool 300 (unused, two tags);
// lone 5000 (dangling); and an image whose details were never read (unused, 70 listed) when `unread` is set.
core::inventory sample_inventory(bool unread = false);
std::shared_ptr<const core::view> sample_view(bool unread = false);
core::disk_usage sample_disk_usage();

// sample_view, engine up, /var/lib/docker and / on one file system, /boot on another.
node_state sample_state();

// `count` images of three layers each, a third of them in use, with disk usage.
std::shared_ptr<const core::view> big_view(int count);

}  // namespace docksweep::report::testing
