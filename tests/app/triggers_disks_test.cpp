// Which file systems are measured, and when a reader is told of new figures.
#include <gtest/gtest.h>

#include <map>

#include "app/disk_watch.hpp"
#include "support/run_task.hpp"

namespace docksweep::app {
namespace {

using namespace std::chrono_literals;

class scripted_disks final : public disks {
 public:
  std::map<std::string, core::result<core::file_system>> answers;
  std::map<std::string, int> asked;
  task<core::result<core::file_system>> measure(std::string path) override {
    ++asked[path];
    co_return answers.at(path);
  }
};

class watched_disks : public testing::Test {
 protected:
  void avail(const std::string& path, core::byte_count bytes) {
    core::file_system disk;
    disk.path = path;
    disk.size_bytes = 1000;
    disk.avail_bytes = bytes;
    port.answers.insert_or_assign(path, disk);
  }
  void look(std::chrono::nanoseconds now) {
    boost::asio::io_context context(1);
    const auto work = [&]() -> task<int> {
      std::vector<std::string> paths;
      for (const auto& [path, answer] : port.answers) paths.push_back(path);
      auto measuring = watch.measure(paths, now);
      co_await std::move(measuring);
      co_return 0;
    };
    test::run_task(context, work());
  }
  scripted_disks port;
  silent_log log;
  disk_watch watch{port, log};
};

TEST_F(watched_disks, a_small_change_is_shown_only_after_a_while) {
  avail("/a", 500);
  look(100s);
  const auto first = watch.revision();
  avail("/a", 495);
  look(101s);
  EXPECT_EQ(watch.newest()[0].avail_bytes, 495) << "decisions take the newest";
  EXPECT_EQ(watch.shown()[0].avail_bytes, 500);
  EXPECT_EQ(watch.revision(), first);
  look(110s);
  EXPECT_EQ(watch.shown()[0].avail_bytes, 495);
  EXPECT_EQ(watch.revision(), first + 1);
  look(200s);
  EXPECT_EQ(watch.revision(), first + 1) << "nothing has changed";
}

TEST_F(watched_disks, a_noticeable_change_is_shown_at_once) {
  avail("/a", 500);
  look(100s);
  avail("/a", 480);
  look(101s);
  EXPECT_EQ(watch.shown()[0].avail_bytes, 480);
}

TEST_F(watched_disks, one_that_hangs_does_not_hold_up_the_others) {
  avail("/a", 500);
  port.answers.insert_or_assign("/dead", core::fail(core::failure_code::timeout, "no answer"));
  for (const auto now : {100s, 101s, 102s}) look(now);
  EXPECT_EQ(port.asked["/a"], 3);
  EXPECT_EQ(port.asked["/dead"], 1);
  look(110s);
  EXPECT_EQ(port.asked["/dead"], 2);
}

TEST_F(watched_disks, the_fullest_counts) {
  avail("/a", 500);
  avail("/b", 40);
  look(1s);
  EXPECT_DOUBLE_EQ(watch.fullest(), 0.96);
}

}  // namespace
}  // namespace docksweep::app
