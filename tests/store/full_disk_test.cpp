// File systems without a free byte: a tmpfs of a private mount namespace, filled to the end. What the state holds in
// reserve carries the record of a sweep.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <filesystem>

#include "store/reserve.hpp"
#include "store/state_fixture.hpp"
#include "store/sweep_lock.hpp"

namespace docksweep::test {
namespace {

namespace fs = std::filesystem;
using core::removal_outcome;
using core::sweep_outcome;
using testing::HasSubstr;

constexpr int not_allowed = 77;

class full_disk : public state_fixture {
 protected:
  // Runs `body` in a process that has a small file system of its own at the folder.
  void on_small_disk(const std::function<void()>& body, const char* size = "64m") {
    const pid_t child = ::fork();
    if (child == 0) {
      if (!enter_own_namespace()) ::_exit(not_allowed);
      const std::string options = std::string("size=") + size;
      if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, options.c_str()) != 0) ::_exit(not_allowed);
      body();
      ::_exit(HasFailure() ? 1 : 0);
    }
    const int status = status_of(child);
    ASSERT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == not_allowed) << "this needs root, to mount a file system";
    EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
  }

  static bool enter_own_namespace() {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }

  // Takes every block that is left. Grows with what others give back.
  void fill_the_disk() {
    const int filler = ::open(folder.file("filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(65536, 'f');
    for (std::size_t size = block.size(); size > 0;) {
      if (::write(filler, block.data(), size) <= 0) size /= 2;
    }
    ::close(filler);
    ASSERT_EQ(free_bytes(), 0);
  }
  std::int64_t free_bytes() {
    struct statvfs figures{};
    EXPECT_EQ(::statvfs(folder.path().c_str(), &figures), 0);
    return static_cast<std::int64_t>(figures.f_bavail * figures.f_frsize);
  }
  std::int64_t size_of(const std::string& file) {
    std::error_code none;
    const auto size = fs::file_size(file, none);
    return none ? -1 : static_cast<std::int64_t>(size);
  }

  // A state that an agent has worked with: reserve and all.
  std::unique_ptr<app::state> used_state() {
    auto agent = open();
    EXPECT_TRUE(agent->durable());
    get(agent->save_image_use("engine", {{{digest_of(1), at_second(1), at_second(2)}}, {}}));
    return agent;
  }

  struct recorded {
    core::sweep_record sweep;
    std::vector<core::removal_record> removals;
  };
  // `count` removals, three updates each, and the end: as much as a sweep ever writes.
  recorded sweep(app::state& in, int count, const std::function<void()>& between = [] {}) {
    recorded made{sample_sweep(), sample_removals(count)};
    const auto right = get(in.try_to_sweep("engine"));
    EXPECT_TRUE(right);
    get(in.begin_sweep(made.sweep, made.removals));
    for (core::removal_record& removal : made.removals) {
      for (const auto outcome : {removal_outcome::attempted, removal_outcome::failed, removal_outcome::removed}) {
        removal.outcome = outcome;
        removal.problem = outcome == removal_outcome::failed ? "the engine's own words about it" : "";
        removal.at += std::chrono::seconds(1);
        get(in.update_removal(removal));
        if (HasFailure()) return made;
      }
      between();
    }
    made.sweep.outcome = sweep_outcome::reached;
    made.sweep.ended = at_second(900);
    get(in.end_sweep(made.sweep));
    return made;
  }
  void expect_on_record(const recorded& made) {
    auto reader = open(store::open_mode::read_only);
    EXPECT_TRUE(reader->durable());
    const auto page = get(reader->load_history({.sweep_id = made.sweep.id, .with_removals = true}));
    EXPECT_EQ(page.sweeps, std::vector{made.sweep});
    EXPECT_EQ(page.removals, made.removals);
  }
};

TEST_F(full_disk, sweep_of_500_is_put_on_record_with_0_bytes_free) {
  on_small_disk([&] {
    auto agent = used_state();
    fill_the_disk();
    // Whatever the state gives back, somebody else takes at once.
    const recorded made = sweep(*agent, 500, [&] { fill_the_disk(); });
    EXPECT_EQ(free_bytes(), 0);
    EXPECT_EQ(size_of(path + ".reserve"), store::reserve_file_bytes) << "the room inside was enough";
    EXPECT_TRUE(log.lines.empty());
    agent.reset();
    expect_on_record(made);
    EXPECT_EQ(free_bytes(), 0);
  });
}

TEST_F(full_disk, state_opens_with_0_bytes_free_and_goes_on) {
  on_small_disk([&] {
    used_state().reset();
    fill_the_disk();
    auto agent = open();
    ASSERT_TRUE(agent->durable());
    EXPECT_EQ(get(agent->load_image_use("engine")).size(), 1U);
    const recorded made = sweep(*agent, 500, [&] { fill_the_disk(); });
    agent.reset();
    agent = open();
    EXPECT_TRUE(agent->durable());
    agent.reset();
    expect_on_record(made);
  });
}

TEST_F(full_disk, state_opens_with_0_bytes_free_after_a_kill) {
  on_small_disk([&] {
    const pid_t killed = in_another_process([&] {
      auto agent = used_state();
      auto made = sample_sweep();
      auto removals = sample_removals(50);
      get(agent->begin_sweep(made, removals));
      ::kill(::getpid(), SIGKILL);
    });
    EXPECT_EQ(status_of(killed), SIGKILL);
    fill_the_disk();
    auto agent = open();
    ASSERT_TRUE(agent->durable());
    EXPECT_EQ(get(agent->unsettled("engine")).removals.size(), 50U);
    sweep(*agent, 500);
  });
}

TEST_F(full_disk, files_of_sqlite_that_somebody_took_away_are_made_from_the_reserve) {
  on_small_disk([&] {
    used_state().reset();
    fs::remove(path + "-wal");
    fs::remove(path + "-shm");
    fill_the_disk();
    auto agent = open();
    ASSERT_TRUE(agent->durable());
    EXPECT_EQ(size_of(path + ".reserve"), 0);
    const recorded made = sweep(*agent, 100);
    agent.reset();
    expect_on_record(made);
  });
}

TEST_F(full_disk, record_larger_than_the_room_inside_takes_the_reserve_and_fills_it_again) {
  on_small_disk([&] {
    auto agent = used_state();
    fill_the_disk();
    recorded made{sample_sweep(), sample_removals(8000)};
    get(agent->begin_sweep(made.sweep, made.removals));
    EXPECT_THAT(log.only("state_reserve_used"), HasSubstr(path + ".reserve"));
    EXPECT_LT(size_of(path + ".reserve"), store::reserve_file_bytes);
    fs::remove(folder.file("filler"));
    get(agent->save_pause(std::nullopt));
    EXPECT_EQ(size_of(path + ".reserve"), store::reserve_file_bytes);
    agent.reset();
    expect_on_record(made);
  });
}

TEST_F(full_disk, large_answers_are_left_out_where_there_is_no_room_for_them) {
  on_small_disk([&] {
    auto agent = used_state();
    fill_the_disk();
    core::sweep_record made = sample_sweep();
    std::vector<core::removal_record> removals;
    for (int i = 0; i < 100; ++i) {
      removals.push_back(sample_container(i));
      removals.back().inspect.assign(200'000, 'x');
    }
    get(agent->begin_sweep(made, removals));
    EXPECT_GT(made.id, 0);
    const auto page = get(agent->load_history({.with_removals = true}));
    ASSERT_EQ(page.removals.size(), 100U);
    EXPECT_THAT(page.removals[99].inspect, HasSubstr("no room on a full disk"));
  });
}

TEST_F(full_disk, pause_uses_and_policies_are_saved_with_0_bytes_free) {
  on_small_disk([&] {
    auto agent = used_state();
    fill_the_disk();
    core::use_book::changes changes;
    for (int i = 0; i < 1000; ++i) changes.records.push_back({digest_of(i), at_second(i), at_second(i)});
    get(agent->save_image_use("engine", changes));
    get(agent->save_pause(core::pause_state{at_second(1), {}, "full", "alice"}));
    get(agent->save_policy("engine", {"p", at_second(1), {}, {}, {}}));
    agent = open();
    EXPECT_EQ(get(agent->load_image_use("engine")).size(), 1000U);
    EXPECT_TRUE(get(agent->load_pause()));
  });
}

TEST_F(full_disk, new_state_there_is_kept_in_memory_and_says_so) {
  on_small_disk([&] {
    fill_the_disk();
    auto agent = open();
    EXPECT_FALSE(agent->durable());
    EXPECT_THAT(log.only("state_in_memory"), HasSubstr("full"));
    recorded made{sample_sweep(), sample_removals(5)};
    get(agent->begin_sweep(made.sweep, made.removals));
    EXPECT_EQ(get(agent->load_history({.with_removals = true})).removals, made.removals);
  });
}

TEST_F(full_disk, reserve_is_not_made_where_it_would_fill_the_disk) {
  on_small_disk(
      [&] {
        auto agent = used_state();
        EXPECT_TRUE(agent->durable());
        EXPECT_THAT(log.only("state_without_reserve"), HasSubstr(path));
        EXPECT_GT(free_bytes(), 3 * 1024 * 1024);
        const recorded made = sweep(*agent, 5);
        agent.reset();
        expect_on_record(made);
      },
      "6m");
}

TEST_F(full_disk, what_the_record_took_from_the_room_inside_is_made_good) {
  on_small_disk([&] {
    auto agent = used_state();
    recorded made{sample_sweep(), sample_removals(4000)};
    get(agent->begin_sweep(made.sweep, made.removals));
    std::atomic<bool> never = false;
    auto file = store::database::open(path, store::access::read_only, &never);
    const auto free_room = [&] { return file->number("PRAGMA freelist_count").value() * 4096; };
    EXPECT_LT(free_room(), store::free_page_room_bytes / 2);
    get(agent->end_sweep(made.sweep));
    // The work that follows the end of a sweep is done before the second of two further questions is answered.
    get(agent->knows_an_engine());
    get(agent->knows_an_engine());
    EXPECT_GE(free_room(), store::free_page_room_bytes);
    EXPECT_EQ(file->number("SELECT count(*) FROM filler").value(), 0);
    EXPECT_EQ(size_of(path + "-wal"), store::log_room_bytes) << "no smaller, and it did not stay as large as it grew";
  });
}

}  // namespace
}  // namespace docksweep::test
