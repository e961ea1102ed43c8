// kill -9 in the middle of sweeps: whatever the store had answered for is there, the file is sound, and what was under
// way reads as just that.
#include <sys/mman.h>

#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "store/database.hpp"
#include "store/state_fixture.hpp"

namespace docksweep::test {
namespace {

using core::removal_outcome;
using core::sweep_outcome;

constexpr int kills = 50;
constexpr int removals_each = 12;

// What the process that is killed was answered, in memory that outlives it.
struct answered {
  std::atomic<std::int64_t> begun;     // number of the newest sweep that is on record
  std::atomic<std::int64_t> ended;     // … whose end is on record
  std::atomic<std::int64_t> attempts;  // of sweep `begun`: removals on record as attempted, from the first one on
  std::atomic<std::int64_t> removed;   // … as removed
  std::atomic<std::int64_t> used;      // uses saved
};

class crash : public state_fixture {
 protected:
  crash() {
    void* const shared = ::mmap(nullptr, sizeof(answered), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::runtime_error("no shared memory");
    told_ = new (shared) answered{};
  }
  ~crash() override { ::munmap(told_, sizeof(answered)); }

  // Sweeps until it is killed. Settles what the one before it left, as the agent does.
  void sweep_for_ever() {
    auto own = open();
    const auto right = get(own->try_to_sweep("engine"));
    EXPECT_TRUE(right) << "the kernel has freed the lock of the killed process";
    if (!right) return;
    const auto left = get(own->unsettled("engine"));
    for (core::sweep_record sweep : left.sweeps) {
      sweep.outcome = sweep_outcome::interrupted;
      sweep.ended = at_second(1);
      get(own->end_sweep(sweep));
    }
    for (int round = 0;; ++round) {
      core::sweep_record sweep = sample_sweep();
      auto removals = sample_removals(removals_each);
      get(own->begin_sweep(sweep, removals));
      told_->attempts = 0;
      told_->removed = 0;
      told_->begun = sweep.id;
      for (auto& removal : removals) {
        removal.outcome = removal_outcome::attempted;
        get(own->update_removal(removal));
        ++told_->attempts;
        removal.outcome = removal_outcome::removed;
        get(own->update_removal(removal));
        ++told_->removed;
      }
      get(own->save_image_use("engine", {{{digest_of(round), at_second(1), at_second(2)}}, {}}));
      ++told_->used;
      sweep.outcome = sweep_outcome::reached;
      sweep.ended = at_second(2);
      get(own->end_sweep(sweep));
      told_->ended = sweep.id;
    }
  }

  void expect_sound() {
    std::atomic<bool> never = false;
    auto file = store::database::open(path, store::access::read_only, &never);
    ASSERT_TRUE(file) << file.error().message;
    auto check = file->prepare("PRAGMA integrity_check");
    ASSERT_TRUE(check && check->step().value_or(false));
    EXPECT_EQ(check->bytes(0), "ok");
    EXPECT_FALSE(file->prepare("PRAGMA foreign_key_check")->step().value());
    EXPECT_EQ(file->number("SELECT count(*) FROM removals WHERE sweep IS NULL").value(), 0);
  }

  void expect_consistent(const app::history_page& page) {
    std::map<std::int64_t, std::vector<removal_outcome>> by_sweep;
    for (const auto& removal : page.removals) {
      by_sweep[removal.sweep_id].push_back(removal.outcome);
      EXPECT_EQ(removal.layers.size(), 10U);
      EXPECT_TRUE(removal.problem.empty()) << "a record that cannot be read";
    }
    EXPECT_EQ(by_sweep.size(), page.sweeps.size());
    int running = 0;
    for (const auto& sweep : page.sweeps) {
      const auto& outcomes = by_sweep[sweep.id];
      EXPECT_EQ(outcomes.size(), removals_each) << "all of them or none";
      const auto count = [&](removal_outcome which) { return std::ranges::count(outcomes, which); };
      EXPECT_LE(count(removal_outcome::attempted), 1);
      EXPECT_TRUE(std::ranges::is_sorted(outcomes, {}, [](removal_outcome which) {
        return which == removal_outcome::removed ? 0 : which == removal_outcome::attempted ? 1 : 2;
      })) << "one after the other";
      if (sweep.outcome == sweep_outcome::running) {
        ++running;
        EXPECT_FALSE(sweep.ended);
        EXPECT_EQ(count(removal_outcome::skipped), 0);
      } else {
        EXPECT_TRUE(sweep.ended);
        EXPECT_EQ(count(removal_outcome::planned), 0);
      }
      if (sweep.outcome == sweep_outcome::reached) {
        EXPECT_EQ(count(removal_outcome::removed), removals_each);
      }
    }
    EXPECT_LE(running, 1) << "each start settles what the kill before it left";
  }

  // Nothing that was answered for is missing.
  void expect_kept(const app::history_page& page) {
    ASSERT_FALSE(page.sweeps.empty());
    EXPECT_GE(page.sweeps.front().id, told_->begun);
    const auto& ended = std::ranges::find(page.sweeps, told_->ended.load(), &core::sweep_record::id);
    if (told_->ended != 0) {
      ASSERT_NE(ended, page.sweeps.end());
      EXPECT_EQ(ended->outcome, sweep_outcome::reached);
    }
    std::int64_t attempted = 0, removed = 0;
    for (const auto& removal : page.removals) {
      if (removal.sweep_id != told_->begun) continue;
      if (removal.outcome == removal_outcome::attempted) ++attempted;
      if (removal.outcome == removal_outcome::removed) ++removed;
    }
    EXPECT_GE(removed, told_->removed);
    EXPECT_GE(attempted + removed, told_->attempts);
  }

  answered* told_;
};

TEST_F(crash, kill_at_any_moment_leaves_a_record_that_opens_and_tells_the_truth) {
  std::minstd_rand random(20261123);
  std::int64_t sweeps = 0;
  for (int kill = 0; kill < kills && !HasFailure(); ++kill) {
    const std::int64_t before = told_->begun;
    const pid_t child = in_another_process([&] { sweep_for_ever(); });
    // Every second kill comes after a sweep has begun, the others at any moment, the opening of the file included.
    if (kill % 2 == 0) {
      for (int wait = 0; wait < 30'000 && told_->begun == before; ++wait) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      EXPECT_NE(told_->begun, before);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    ::kill(child, SIGKILL);
    EXPECT_EQ(status_of(child), SIGKILL) << "it swept until it was killed";
    if (told_->begun == 0) continue;
    auto reader = open(store::open_mode::read_only);
    EXPECT_TRUE(reader->durable());
    const auto page = get(reader->load_history({.sweeps_at_most = 100'000, .with_removals = true}));
    EXPECT_LE(get(reader->load_image_use("engine")).size(), page.sweeps.size());
    reader.reset();
    sweeps = std::ssize(page.sweeps);
    expect_consistent(page);
    expect_kept(page);
    expect_sound();
  }
  RecordProperty("sweeps", static_cast<int>(sweeps));
  EXPECT_GE(sweeps, kills / 2);
  auto agent = open();
  EXPECT_TRUE(agent->durable()) << "opens for writing, too";
  EXPECT_TRUE(log.lines.empty());
}

}  // namespace
}  // namespace docksweep::test
