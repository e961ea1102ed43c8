// The sole right to sweep an engine: one holder across processes, free again however that one ends.
#include "store/sweep_lock.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "store/state_fixture.hpp"

namespace docksweep::test {
namespace {

class sweep_lock : public state_fixture {
 protected:
  std::unique_ptr<app::sweep_permit> permit(app::state& in, const std::string& engine = "engine") {
    return get(in.try_to_sweep(engine));
  }
};

TEST_F(sweep_lock, is_held_by_one_process_and_says_by_which) {
  const doorbell held, seen;
  const pid_t holder = in_another_process([&] {
    auto own = open();
    auto right = permit(*own);
    EXPECT_TRUE(right);
    held.ring();
    EXPECT_TRUE(seen.wait());
    right.reset();
    held.ring();
    EXPECT_TRUE(seen.wait());
  });
  EXPECT_TRUE(held.wait());
  auto own = open();
  EXPECT_FALSE(permit(*own));
  EXPECT_EQ(store::sweep_holder(path, "engine"), "process " + std::to_string(holder));
  EXPECT_TRUE(permit(*own, "another engine")) << "one right for each engine";
  seen.ring();
  EXPECT_TRUE(held.wait());
  EXPECT_EQ(store::sweep_holder(path, "engine"), std::nullopt);
  EXPECT_TRUE(permit(*own)) << "the holder lives, and has given it back";
  seen.ring();
  EXPECT_EQ(status_of(holder), 0);
}

TEST_F(sweep_lock, is_free_when_its_holder_is_killed) {
  const doorbell held;
  const pid_t holder = in_another_process([&] {
    auto own = open();
    auto right = permit(*own);
    EXPECT_TRUE(right);
    held.ring();
    for (;;) ::pause();
  });
  EXPECT_TRUE(held.wait());
  auto own = open();
  EXPECT_FALSE(permit(*own));
  ::kill(holder, SIGKILL);
  EXPECT_EQ(status_of(holder), SIGKILL);
  const auto right = permit(*own);
  EXPECT_TRUE(right);
  EXPECT_EQ(store::sweep_holder(path, "engine"), "process " + std::to_string(::getpid()));
}

TEST_F(sweep_lock, is_held_once_within_a_process_too) {
  auto own = open();
  auto other = open();
  auto right = permit(*own);
  EXPECT_TRUE(right);
  EXPECT_FALSE(permit(*own));
  EXPECT_FALSE(permit(*other));
  right.reset();
  EXPECT_TRUE(permit(*other));
}

TEST_F(sweep_lock, outlives_its_store) {
  auto own = open();
  auto right = permit(*own);
  own.reset();
  own = open();
  EXPECT_FALSE(permit(*own));
}

TEST_F(sweep_lock, file_is_there_from_the_first_word_about_an_engine) {
  const std::string file = store::sweep_lock_path(path, "engine");
  EXPECT_THAT(file, testing::StartsWith(path + ".sweep-"));
  EXPECT_NE(file, store::sweep_lock_path(path, "engine2"));
  auto own = open();
  get(own->save_image_details("engine", {}));
  EXPECT_EQ(std::filesystem::file_size(file), 64U);
  EXPECT_EQ(store::sweep_holder(path, "engine"), std::nullopt);
  std::filesystem::remove(file);
  own = open();
  get(own->knows_an_engine());
  EXPECT_TRUE(std::filesystem::exists(file)) << "made anew at the opening";
  struct stat place{};
  ASSERT_EQ(::stat(file.c_str(), &place), 0);
  EXPECT_EQ(place.st_mode & 0777, 0600U);
}

TEST_F(sweep_lock, that_cannot_be_made_is_a_failure) {
  auto own = open();
  std::filesystem::create_directory(store::sweep_lock_path(path, "engine"));
  const auto right = attempt(own->try_to_sweep("engine"));
  ASSERT_FALSE(right);
  EXPECT_THAT(right.error().message, testing::HasSubstr("lock file"));
}

TEST_F(sweep_lock, of_a_state_in_memory_holds_within_it) {
  path.clear();
  auto own = open();
  auto right = permit(*own);
  EXPECT_TRUE(right);
  EXPECT_FALSE(permit(*own));
  EXPECT_TRUE(permit(*own, "another engine"));
  own.reset();
  right.reset();
}

}  // namespace
}  // namespace docksweep::test
