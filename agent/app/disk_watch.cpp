#include "app/disk_watch.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace docksweep::app {

namespace {

using namespace std::chrono_literals;

constexpr auto ask_hanging_again = 10s;
constexpr auto show_at_least_every = 10s;
constexpr double noticeable = 0.01;  // of the size, in bytes or inodes

bool differ(std::int64_t left, std::int64_t right, std::int64_t of) {
  return std::abs(static_cast<double>(left) - static_cast<double>(right)) > noticeable * static_cast<double>(of);
}

bool differs_noticeably(const core::file_system& left, const core::file_system& right) {
  return left.path != right.path || left.device != right.device || left.size_bytes != right.size_bytes ||
         left.files != right.files || differ(left.avail_bytes, right.avail_bytes, left.size_bytes) ||
         differ(left.files_free, right.files_free, left.files);
}

}  // namespace

task<void> disk_watch::measure(std::vector<std::string> paths, moment now) {
  std::vector<core::file_system> found;
  std::map<std::string, std::string> problems;
  for (const auto& path : paths) {
    if (const auto hanging = hanging_.find(path); hanging != hanging_.end()) {
      if (now < hanging->second) {
        problems[path] = problems_[path];
        continue;
      }
      hanging_.erase(hanging);
    }
    auto asking = port_.measure(path);
    auto answer = co_await std::move(asking);
    if (answer) {
      found.push_back(*std::move(answer));
      continue;
    }
    if (answer.error().code == core::failure_code::timeout) hanging_[path] = now + ask_hanging_again;
    problems[path] = std::move(answer).error().message;
    if (problems_[path] != problems[path]) log_.log(log_level::warn, "disk_not_watched", {{"why", problems[path]}});
  }
  problems_ = std::move(problems);
  newest_ = std::move(found);
  show(now);
}

void disk_watch::show(moment now) {
  if (newest_ == shown_) return;
  const bool long_ago = now - shown_at_ >= show_at_least_every;
  if (!long_ago && std::ranges::equal(newest_, shown_, std::not_fn(differs_noticeably))) return;
  shown_ = newest_;
  shown_at_ = now;
  ++revision_;
}

double disk_watch::fullest() const {
  double most = 0;
  for (const auto& disk : newest_) {
    if (disk.size_bytes <= 0) continue;
    most = std::max(most, 1 - static_cast<double>(disk.avail_bytes) / static_cast<double>(disk.size_bytes));
  }
  return most;
}

}  // namespace docksweep::app
