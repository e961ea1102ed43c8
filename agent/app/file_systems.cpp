// Keeps the figures of the watched file systems fresh; see the header.
#include "app/file_systems.hpp"

#include "app/stopped.hpp"

namespace docksweep::app {

file_systems::file_systems(boost::asio::any_io_executor executor, disks& source, log_sink& log,
                           std::chrono::milliseconds interval)
    : source_(source), log_(log), interval_(interval), wake_(std::move(executor)) {}

void file_systems::watch(std::vector<std::string> paths) {
  if (paths == paths_) return;
  paths_ = std::move(paths);
  next_ = {};
  wake_.notify();
}

task<void> file_systems::run() {
  try {
    for (;;) {
      if (std::chrono::steady_clock::now() >= next_) {
        next_ = std::chrono::steady_clock::now() + interval_;
        auto measuring = measure_all();
        co_await std::move(measuring);
      }
      auto pause = wake_.wait(next_);
      co_await std::move(pause);
    }
  } catch (const std::exception& fault) {
    if (!means_stopped(fault)) throw;
  }
}

task<void> file_systems::measure_all() {
  figures found;
  const std::vector<std::string> paths = paths_;
  for (const std::string& path : paths) {
    auto measuring = source_.measure(path);
    auto disk = co_await std::move(measuring);
    std::string& problem = problems_[path];
    if (disk) {
      found.push_back(std::move(*disk));
      problem.clear();
    } else if (disk.error().message != problem) {
      problem = disk.error().message;
      log_.log(log_level::warn, "disk_not_measured", {{"path", path}, {"error", problem}});
    }
  }
  std::erase_if(problems_, [&](const auto& said) { return std::ranges::find(paths, said.first) == paths.end(); });
  if (found == *current_) co_return;
  current_ = std::make_shared<const figures>(std::move(found));
  ++revision_;
}

}  // namespace docksweep::app
