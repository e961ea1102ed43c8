// Reads what never changes about images (inspect and history), a few at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/engine.hpp"

namespace docksweep::app {

using details_handler = std::function<void(const std::string& id, core::result<core::image_details> outcome)>;

// Calls `on_each` for every ID, in the order in which answers come, with at most `parallel` calls in flight. After
// three failures in a row that are the engine's as a whole (unreachable, timeout, too old) no further call is started,
// and the remaining IDs get no answer. Returns whether all got one.
task<bool> read_details(engine& source, std::vector<std::string> ids, std::size_t parallel, details_handler on_each);

}  // namespace docksweep::app
