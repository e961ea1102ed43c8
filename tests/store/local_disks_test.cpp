// File systems of this machine, as statvfs has them.
#include "store/local_disks.hpp"

#include <gmock/gmock.h>
#include <sys/statvfs.h>

#include <boost/asio/io_context.hpp>

#include "support/run_task.hpp"
#include "support/temp_folder.hpp"

namespace docksweep::test {
namespace {

TEST(local_disks, says_what_statvfs_says) {
  const temp_folder folder;
  const std::string path = folder.path().string();
  boost::asio::io_context context{1};
  const auto disks = store::make_local_disks();
  const auto measured = run_task(context, disks->measure(path));
  struct statvfs figures{};
  ASSERT_EQ(::statvfs(path.c_str(), &figures), 0);
  ASSERT_TRUE(measured);
  EXPECT_EQ(measured->path, path);
  EXPECT_EQ(measured->size_bytes, static_cast<core::byte_count>(figures.f_blocks * figures.f_frsize));
  EXPECT_EQ(measured->files, static_cast<std::int64_t>(figures.f_files));
  EXPECT_GT(measured->avail_bytes, 0);
  EXPECT_LE(measured->avail_bytes, measured->free_bytes);
  EXPECT_NE(measured->device, 0U);
}

TEST(local_disks, path_that_is_not_there_is_a_failure_with_words) {
  boost::asio::io_context context{1};
  const auto disks = store::make_local_disks();
  for (int again = 0; again < 2; ++again) {
    const auto measured = run_task(context, disks->measure("/no/such/path"));
    ASSERT_FALSE(measured);
    EXPECT_THAT(measured.error().message, testing::HasSubstr("/no/such/path"));
    EXPECT_THAT(measured.error().message, testing::HasSubstr("No such file"));
  }
}

TEST(local_disks, is_given_up_at_its_deadline) {
  boost::asio::io_context context{1};
  const auto disks = store::make_local_disks(std::chrono::milliseconds(0));
  const auto measured = run_task(context, disks->measure("/"));
  ASSERT_FALSE(measured);
  EXPECT_EQ(measured.error().code, core::failure_code::timeout);
}

}  // namespace
}  // namespace docksweep::test
