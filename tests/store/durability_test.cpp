// What is on the disk when a call answers, and what costs no wait for the disk: counted at the calls that SQLite makes.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "store/state_fixture.hpp"

namespace {
std::atomic<int> syncs = 0;
}  // namespace

// In front of the C library's, for every library of this program.
extern "C" int fsync(int file) {
  ++syncs;
  return static_cast<int>(::syscall(SYS_fsync, file));
}
extern "C" int fdatasync(int file) {
  ++syncs;
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

namespace docksweep::test {
namespace {

class durability : public state_fixture {
 protected:
  template <typename T>
  int syncs_of(app::task<core::result<T>> task) {
    const int before = syncs;
    get(std::move(task));
    return syncs - before;
  }
};

TEST_F(durability, sweep_is_on_the_disk_before_its_first_removal_and_after_its_last) {
  auto agent = open();
  get(agent->knows_an_engine());
  core::sweep_record sweep = sample_sweep();
  auto removals = sample_removals(50);
  EXPECT_GE(syncs_of(agent->begin_sweep(sweep, removals)), 1);
  sweep.outcome = core::sweep_outcome::reached;
  EXPECT_GE(syncs_of(agent->end_sweep(sweep)), 1);
}

TEST_F(durability, update_of_a_removal_waits_for_no_disk) {
  auto agent = open();
  core::sweep_record sweep = sample_sweep();
  auto removals = sample_removals(50);
  get(agent->begin_sweep(sweep, removals));
  int all = 0;
  for (auto& removal : removals) {
    removal.outcome = core::removal_outcome::attempted;
    const int one = syncs_of(agent->update_removal(removal));
    EXPECT_LE(one, 3) << "the log is emptied now and then";
    all += one;
  }
  EXPECT_LE(all, 6) << "of 50 updates";
  // The next change that has to be safe is, although the one before it was not.
  EXPECT_GE(syncs_of(agent->save_pause(core::pause_state{at_second(1), {}, "r", "a"})), 1);
}

TEST_F(durability, uses_and_policies_are_on_the_disk_and_shadows_need_not_be) {
  auto agent = open();
  get(agent->save_shadows("e", {{"p", "i", {}, at_second(1)}}));
  EXPECT_EQ(syncs_of(agent->save_shadows("e", {{"p", "j", {}, at_second(1)}})), 0);
  EXPECT_GE(syncs_of(agent->save_image_use("e", {{{"i", at_second(1), at_second(2)}}, {}})), 1);
  EXPECT_GE(syncs_of(agent->save_policy("e", {"p", at_second(1), {}, {}, {}})), 1);
  EXPECT_GE(syncs_of(agent->record_foreign("e", sample_removals(1))), 1);
}

}  // namespace
}  // namespace docksweep::test
