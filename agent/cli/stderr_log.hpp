// The agent's log: lines on stderr, through spdlog.
#pragma once

#include <memory>

#include "app/log.hpp"
#include "config/settings.hpp"

namespace spdlog {
class logger;
}

namespace docksweep::cli {

// Lines from any thread come out whole. A line that cannot be written (closed pipe, full disk) is dropped in silence.
// While it lives, warnings and errors that code below writes through spdlog's default logger come out here too, in the
// same form (event=note).
class stderr_log final : public app::log_sink {
 public:
  explicit stderr_log(config::log_settings settings);
  ~stderr_log() override;

  void write(app::log_level level, std::string_view event, std::span<const app::log_field> fields) override;

  // From the next line on (a reloaded configuration); on the thread that runs the agent.
  void use(config::log_settings settings);

 private:
  config::log_settings settings_;
  std::unique_ptr<spdlog::logger> logger_;
  std::shared_ptr<spdlog::logger> former_default_;
};

}  // namespace docksweep::cli
