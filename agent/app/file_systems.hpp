// Keeps the figures of the watched file systems fresh: statvfs of each path every few seconds.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/disks.hpp"
#include "app/log.hpp"
#include "app/wake_up.hpp"

namespace docksweep::app {

class file_systems {
 public:
  using figures =
      std::vector<core::file_system>;  // in the order of the paths; a path that cannot be measured is left out

  file_systems(boost::asio::any_io_executor executor, disks& source, log_sink& log,
               std::chrono::milliseconds interval = std::chrono::seconds(10));

  // Runs until cancelled, then returns.
  task<void> run();

  // Watches these from now on (known once the engine has said where its data is). Measures at once when they are
  // others.
  void watch(std::vector<std::string> paths);

  // Never null; empty until the first measurement.
  std::shared_ptr<const figures> current() const { return current_; }
  // Grows with every change of current().
  std::uint64_t revision() const { return revision_; }

 private:
  task<void> measure_all();

  disks& source_;
  log_sink& log_;
  std::chrono::milliseconds interval_;
  std::vector<std::string> paths_;
  std::map<std::string, std::string> problems_;  // path → what was last said about it, to say it once
  std::shared_ptr<const figures> current_ = std::make_shared<const figures>();
  std::uint64_t revision_ = 0;
  std::chrono::steady_clock::time_point next_{};
  wake_up wake_;
};

}  // namespace docksweep::app
