// A real server on loopback with content of the tests' own, running on a thread of its own.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "support/temp_folder.hpp"
#include "web/handlers.hpp"
#include "web/server.hpp"

namespace docksweep::web::testing {

class counting_telemetry final : public app::telemetry {
 public:
  void engine_request(std::string_view, std::chrono::nanoseconds, bool) override {}
  void engine_event(core::event_kind) override {}
  void refresh(std::chrono::nanoseconds) override {}
  void http_request(std::string_view handler, int code) override;
  int counted(const std::string& handler, int code) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, int> counts_;
};

// A folder that goes with its test.
class temporary_folder : public test::temp_folder {
 public:
  std::string path(const std::string& name) const { return file(name); }
  // Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;
};

// What the tests' server serves; a test changes it before it starts one.
struct test_content {
  std::string metrics = "docksweep_engine_up 1\n";
  std::string not_ready;
  core::result<void> reloaded;
  std::chrono::milliseconds reload_takes{0};
  // The server counts here; shared, as it has a copy of this struct.
  std::shared_ptr<std::atomic<int>> reloads_begun = std::make_shared<std::atomic<int>>(0);
  bool has_inventory = true;
  bool has_plan = true;                  // false: plan and history are not to be had right now
  std::chrono::milliseconds plan_takes{0};
};

class live_server {
 public:
  explicit live_server(server_options options, test_content content = {});
  ~live_server();  // stops it

  const core::result<void>& started() const { return started_; }
  std::string where(std::size_t index = 0) const;  // server::addresses()
  core::result<void> reload(server_options options);
  void stop();  // returns when the server has stopped
  const counting_telemetry& counts() const { return counts_; }

 private:
  template <typename Work>
  auto on_server_thread(Work work);

  test_content content_;
  counting_telemetry counts_;
  boost::asio::io_context io_{1};
  std::unique_ptr<server> server_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::thread thread_;
  core::result<void> started_;
};

// Loopback, any port, and the program's limits, as a test must not meet them for being slow; it lingers less.
server_options local_options();
// The same with limits that a test can wait for.
server_options options_with_short_limits();

}  // namespace docksweep::web::testing
