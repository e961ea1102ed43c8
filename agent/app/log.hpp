// The port for log lines: a level, the name of the event (stable, snake_case), and fields. cli/ writes them with
// spdlog.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace docksweep::app {

enum class log_level { debug, info, warn, error };

// One key and its value; keys are stable: engine, error, image, container, path, took_ms, count, why, next.
struct log_field {
  std::string_view key;
  std::string value;
};

class log_sink {
 public:
  virtual ~log_sink() = default;
  virtual void write(log_level level, std::string_view event, std::span<const log_field> fields) = 0;

  void log(log_level level, std::string_view event, std::initializer_list<log_field> fields = {}) {
    write(level, event, std::span<const log_field>(fields.begin(), fields.size()));
  }
};

// Swallows everything: for commands that print their own messages, and for tests.
class silent_log final : public log_sink {
 public:
  void write(log_level, std::string_view, std::span<const log_field>) override {}
};

}  // namespace docksweep::app
