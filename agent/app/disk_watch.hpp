// The watched file systems as last measured, and as shown: who reads them for metrics is told of a new figure only when
// it differs noticeably, or after a while, so that a page is not made anew for every block that somebody writes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/disks.hpp"
#include "app/log.hpp"

namespace docksweep::app {

class disk_watch {
 public:
  // Times are those of a clock that never goes back.
  using moment = std::chrono::nanoseconds;

  disk_watch(disks& port, log_sink& log) : port_(port), log_(log) {}

  // Measures each path. One that did not answer in time is asked again only after a while: it would hold up the others.
  task<void> measure(std::vector<std::string> paths, moment now);

  const std::vector<core::file_system>& newest() const { return newest_; }
  const std::vector<core::file_system>& shown() const { return shown_; }
  double fullest() const;  // used ratio of the newest; 0 when nothing was measured
  // Grows whenever shown() changes.
  std::uint64_t revision() const { return revision_; }

 private:
  void show(moment now);

  disks& port_;
  log_sink& log_;
  std::vector<core::file_system> newest_, shown_;
  moment shown_at_{0};
  std::uint64_t revision_ = 0;
  std::map<std::string, moment> hanging_;  // paths that did not answer, and when they are asked again
  std::map<std::string, std::string> problems_;
};

}  // namespace docksweep::app
