// spdlog does the levels and the writing; the form of a line is log_line.cpp's.
#include "cli/stderr_log.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "cli/log_line.hpp"

namespace docksweep::cli {
namespace {

spdlog::level::level_enum least(config::log_level level) {
  switch (level) {
    case config::log_level::debug:
      return spdlog::level::debug;
    case config::log_level::info:
      return spdlog::level::info;
    case config::log_level::warn:
      return spdlog::level::warn;
    case config::log_level::error:
      break;
  }
  return spdlog::level::err;
}

spdlog::level::level_enum level_of(app::log_level level) {
  switch (level) {
    case app::log_level::debug:
      return spdlog::level::debug;
    case app::log_level::info:
      return spdlog::level::info;
    case app::log_level::warn:
      return spdlog::level::warn;
    case app::log_level::error:
      break;
  }
  return spdlog::level::err;
}

// Hands lines of spdlog's default logger on.
class forwarding_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit forwarding_sink(app::log_sink& to) : to_(to) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto level = message.level >= spdlog::level::err ? app::log_level::error : app::log_level::warn;
    to_.log(level, "note", {{"why", std::string(message.payload.data(), message.payload.size())}});
  }
  void flush_() override {}

  app::log_sink& to_;
};

}  // namespace

stderr_log::stderr_log(config::log_settings settings)
    : logger_(std::make_unique<spdlog::logger>("docksweep", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->set_error_handler([](const std::string&) {});
  logger_->flush_on(spdlog::level::debug);
  use(settings);
  auto forwarder = std::make_shared<spdlog::logger>("docksweep", std::make_shared<forwarding_sink>(*this));
  forwarder->set_level(spdlog::level::warn);  // what is worth an info line has an event of its own
  former_default_ = spdlog::default_logger();
  spdlog::set_default_logger(std::move(forwarder));
}

stderr_log::~stderr_log() {
  spdlog::set_default_logger(std::move(former_default_));
}

void stderr_log::use(config::log_settings settings) {
  settings_ = settings;
  logger_->set_level(least(settings.level));
}

void stderr_log::write(app::log_level level, std::string_view event, std::span<const app::log_field> fields) {
  const auto severity = level_of(level);
  if (!logger_->should_log(severity)) return;
  logger_->log(severity, "{}", log_line(settings_.format, std::chrono::system_clock::now(), level, event, fields));
}

}  // namespace docksweep::cli
