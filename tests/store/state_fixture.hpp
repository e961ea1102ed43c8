// What tests of the record share: a state file in a folder of its own, sweeps and removals with every field filled, and
// other processes that come and go.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/history.hpp"
#include "store/captured_log.hpp"
#include "store/sqlite_store.hpp"
#include "support/run_task.hpp"
#include "support/temp_folder.hpp"

namespace docksweep::test {

inline core::instant at_second(std::int64_t second) {
  return core::instant(std::chrono::seconds(1'764'000'000 + second));
}

inline std::string digest_of(int number, char fill = '0') {
  std::string digits = std::to_string(number);
  return "sha256:" + std::string(64 - digits.size(), fill) + digits;
}

inline core::sweep_record sample_sweep(const std::string& engine = "engine", const std::string& policy = "pressure") {
  core::sweep_record sweep;
  sweep.engine_id = engine;
  sweep.policy = policy;
  sweep.trigger = core::sweep_trigger::schedule;
  sweep.actor = "alice (uid 1000)";
  sweep.cause = "schedule 0 2 * * *";
  sweep.began = at_second(0);
  sweep.predicted = {1'000, 5'000'000'000};
  sweep.planned = 3;
  return sweep;
}

inline core::removal_record sample_removal(int number) {
  core::removal_record removal;
  removal.object_id = digest_of(number);
  removal.references = {"registry.example.com/team/service:" + std::to_string(number), "other:latest"};
  removal.digests = {"registry.example.com/team/service@" + digest_of(number, 'a')};
  for (int layer = 0; layer < 10; ++layer) removal.layers.push_back(digest_of(number * 100 + layer, 'b'));
  removal.platform = "linux/amd64";
  removal.origin = core::image_origin::pulled;
  removal.rule = "remove.images = unused";
  removal.predicted = {number, 2 * number};
  removal.at = at_second(0);
  return removal;
}

inline std::vector<core::removal_record> sample_removals(int count) {
  std::vector<core::removal_record> all;
  for (int i = 1; i <= count; ++i) all.push_back(sample_removal(i));
  return all;
}

inline core::removal_record sample_container(int number) {
  core::removal_record removal;
  removal.kind = core::target_kind::container;
  removal.object_id = std::string(63, 'c') + std::to_string(number % 10);
  removal.references = {"web-" + std::to_string(number)};
  removal.rule = "remove.containers";
  removal.at = at_second(0);
  removal.inspect = R"({"Id":"c","Config":{"Env":["A=b"]}})";
  return removal;
}

// One process tells the other, once or more, that something has happened.
class doorbell {
 public:
  doorbell() {
    if (::pipe(ends_) != 0) throw std::runtime_error("no pipe");
  }
  ~doorbell() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  doorbell(const doorbell&) = delete;
  doorbell& operator=(const doorbell&) = delete;

  void ring() const { (void)!::write(ends_[1], "!", 1); }
  // False: it did not ring for a minute.
  bool wait() const {
    pollfd waiting{ends_[0], POLLIN, 0};
    char rung = 0;
    return ::poll(&waiting, 1, 60'000) == 1 && ::read(ends_[0], &rung, 1) == 1;
  }

 private:
  int ends_[2]{};
};

class state_fixture : public testing::Test {
 protected:
  std::unique_ptr<app::state> open(store::open_mode mode = store::open_mode::read_write) {
    auto made = store::make_sqlite_store(path, mode, log);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }

  // The result of a call; a failure is one of the test.
  template <typename T>
  T get(app::task<core::result<T>> task) {
    auto outcome = run_task(context, std::move(task), std::chrono::seconds(60));
    EXPECT_TRUE(outcome) << outcome.error().message;
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      return outcome ? std::move(*outcome) : T{};
    }
  }
  template <typename T>
  core::result<T> attempt(app::task<core::result<T>> task) {
    return run_task(context, std::move(task), std::chrono::seconds(60));
  }

  // Runs `body` in a process of its own, which ends with status 0 when no expectation in it failed. Not while this
  // process has a store open: SQLite's locks do not survive a fork.
  static pid_t in_another_process(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    body();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  static int status_of(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return -1;
    return status;
  }

  temp_folder folder;
  std::string path = folder.file("state.db");
  captured_lines log;
  boost::asio::io_context context{1};
};

}  // namespace docksweep::test
