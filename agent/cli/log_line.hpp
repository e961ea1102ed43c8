// One line of the log, as logfmt or as JSON. Keys are stable: ts, level, event, then what the event is about.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/log.hpp"
#include "config/settings.hpp"
#include "core/inventory.hpp"

namespace docksweep::cli {

// Without a line end. Text is escaped so that nothing from outside can forge a second line.
std::string log_line(config::log_format format, core::instant when, app::log_level level, std::string_view event,
                     std::span<const app::log_field> fields);

}  // namespace docksweep::cli
