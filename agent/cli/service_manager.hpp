// systemd's notification protocol (sd_notify(3)): one datagram per change of state, nothing without NOTIFY_SOCKET.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace docksweep::cli {

class service_manager {
 public:
  // `notify_socket`: the value of NOTIFY_SOCKET, a path or "@name"; empty: nobody listens. `watchdog_usec`: the value
  // of WATCHDOG_USEC; empty or not a number: no watchdog.
  service_manager(std::string_view notify_socket, std::string_view watchdog_usec);
  // From this process' environment.
  static service_manager from_environment();

  // "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…". Never blocks; a manager that does not read is no reason to stop.
  void tell(std::string_view state) const;

  // How often to send WATCHDOG=1: half of what systemd allows.
  std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace docksweep::cli
