// State files as nodes have them: none yet, damaged, of a newer version, on a full disk, where nobody may write.
#include "store/open_state.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "store/captured_log.hpp"
#include "store/sqlite_store.hpp"
#include "support/run_task.hpp"
#include "support/temp_folder.hpp"

namespace docksweep::test {
namespace {

namespace fs = std::filesystem;
using store::open_mode;
using store::open_state;
using testing::HasSubstr;

class state_file : public testing::Test {
 protected:
  core::result<store::opened_state> open(open_mode mode = open_mode::read_write) {
    return open_state(path, mode, log, &stopping);
  }
  std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void write(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
  // The one file beside the state file whose name holds this.
  std::string beside(const std::string& part) {
    std::string found;
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      const std::string name = entry.path().string();
      if (name.find(part) == std::string::npos || name.ends_with("-wal") || name.ends_with("-shm")) continue;
      EXPECT_TRUE(found.empty()) << found << " and " << name;
      found = name;
    }
    return found;
  }

  temp_folder folder;
  std::string path = folder.file("state.db");
  captured_lines log;
  std::atomic<bool> stopping = false;
};

TEST_F(state_file, is_made_with_its_folder_for_its_owner_alone) {
  path = folder.file("var/lib/docksweep/state.db");
  const auto state = open();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->durable);
  struct stat place{};
  ASSERT_EQ(::stat(path.c_str(), &place), 0);
  EXPECT_EQ(place.st_mode & 0777, 0600U);
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(state_file, that_is_no_database_is_moved_aside_whole) {
  const std::string foreign = "this is somebody's diary\n" + std::string(5000, 'x');
  write(foreign);
  const auto state = open();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->durable);
  const std::string aside = beside(".damaged-");
  EXPECT_TRUE(read(aside) == foreign);
  EXPECT_THAT(log.only("state_moved_aside"), HasSubstr(aside));
  EXPECT_THAT(log.only("state_moved_aside"), HasSubstr(path));
}

TEST_F(state_file, with_damaged_pages_is_moved_aside_and_never_lost) {
  {
    auto state = open();
    ASSERT_TRUE(
        state->file.execute("INSERT INTO engines (id) SELECT 'engine number ' || value FROM (WITH RECURSIVE n(value) "
                            "AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 2000) SELECT value FROM n)"));
  }
  fs::remove(path + "-wal");  // or the log would heal it
  std::string bytes = read(path);
  ASSERT_GT(bytes.size(), 20000U);
  for (std::size_t at = 8192; at < 16384; ++at) bytes[at] = '\x5a';
  write(bytes);
  const auto state = open();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->durable);
  EXPECT_EQ(state->file.number("SELECT count(*) FROM engines").value(), 0);
  EXPECT_TRUE(read(beside(".damaged-")) == bytes);
  EXPECT_FALSE(log.only("state_moved_aside").empty());
}

TEST_F(state_file, of_a_newer_version_is_refused_and_left_alone) {
  ASSERT_TRUE(open()->file.execute("PRAGMA user_version=7"));
  const std::string before = read(path);
  for (const open_mode mode : {open_mode::read_write, open_mode::read_only}) {
    const auto state = open(mode);
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().code, core::failure_code::storage);
    EXPECT_THAT(state.error().message, HasSubstr("newer docksweep (schema 7, this one knows 4)"));
    EXPECT_THAT(state.error().message, HasSubstr(path));
  }
  EXPECT_TRUE(read(path) == before);
  EXPECT_TRUE(beside(".damaged-").empty());
}

// Exactly what the first version wrote; not to be changed.
constexpr const char* first_schema =
    "PRAGMA journal_mode=WAL;"
    "CREATE TABLE engines (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE image_details (engine INTEGER NOT NULL REFERENCES engines, image BLOB NOT NULL, record BLOB NOT NULL,"
    "  PRIMARY KEY (engine, image)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE disk_usage (engine INTEGER PRIMARY KEY REFERENCES engines, record BLOB NOT NULL) STRICT;"
    "PRAGMA user_version=1;"
    "INSERT INTO engines (number, id) VALUES (1, 'e'), (2, 'other');"
    // The image sha256:1111…, of one layer sha256:aaaa…, with a history of 7 bytes, linux/amd64.
    "INSERT INTO image_details VALUES (1,"
    " x'011111111111111111111111111111111111111111111111111111111111111111',"
    " x'01"
    "0101aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01010e0100000b6c696e75782f616d643634');";

TEST_F(state_file, of_the_first_schema_keeps_its_data_and_learns_the_new_tables) {
  {
    auto file = store::database::open(path, store::access::read_write, &stopping);
    ASSERT_TRUE(file);
    const auto made = file->execute(first_schema);
    ASSERT_TRUE(made) << made.error().message;
  }
  boost::asio::io_context context{1};
  core::image_details details;
  details.id = "sha256:" + std::string(64, '1');
  details.diff_ids = details.chain_ids = {"sha256:" + std::string(64, 'a')};
  details.history_sizes = {7};
  details.has_history = true;
  details.platform = "linux/amd64";
  for (int again = 0; again < 2; ++again) {
    auto made = store::make_sqlite_store(path, open_mode::read_write, log);
    ASSERT_TRUE(made);
    EXPECT_TRUE((*made)->durable());
    EXPECT_EQ(run_task(context, (*made)->load_image_details("e")).value(), std::vector{details});
    if (again == 0) {
      ASSERT_TRUE(run_task(context, (*made)->save_pause(core::pause_state{{}, {}, "r", "a"})));
    }
    EXPECT_TRUE(run_task(context, (*made)->load_pause()).value());
  }
  EXPECT_TRUE(log.lines.empty());
}

// Who stops the agent and puts an older state file back need not know of the log beside it.
TEST_F(state_file, put_back_from_a_backup_is_what_it_was) {
  boost::asio::io_context context{1};
  const auto save = [&](const std::string& reason) {
    auto made = store::make_sqlite_store(path, open_mode::read_write, log);
    ASSERT_TRUE(run_task(context, (*made)->save_pause(core::pause_state{{}, {}, reason, "a"})));
  };
  save("older");
  const std::string backup = folder.file("backup");
  fs::copy_file(path, backup);
  save("newer");
  fs::copy_file(backup, path, fs::copy_options::overwrite_existing);
  auto made = store::make_sqlite_store(path, open_mode::read_write, log);
  EXPECT_EQ(run_task(context, (*made)->load_pause()).value().value().reason, "older");
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(state_file, in_a_folder_that_cannot_be_is_kept_in_memory) {
  write("a file, not a folder");
  path += "/state.db";
  auto state = open();
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->durable);
  EXPECT_TRUE(state->file.execute("INSERT INTO engines (id) VALUES ('x')"));
  EXPECT_THAT(log.only("state_in_memory"), HasSubstr("Not a directory"));
}

TEST_F(state_file, that_may_not_be_written_is_kept_in_memory) {
  {
    ASSERT_TRUE(open());
  }
  fs::permissions(path, fs::perms(0444));
  fs::permissions(folder.path(), fs::perms(0555));
  const pid_t child = ::fork();
  if (child == 0) {
    // Root may write anything, so this is tried as somebody else.
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const auto state = open();
    ::_exit(state && !state->durable && !log.only("state_in_memory").empty() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  fs::permissions(folder.path(), fs::perms(0755));
}

TEST_F(state_file, is_read_by_a_user_who_may_not_write_there) {
  {
    ASSERT_TRUE(open()->file.execute("INSERT INTO engines (id) VALUES ('x')"));
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) fs::permissions(entry.path(), fs::perms(0444));
  fs::permissions(folder.path(), fs::perms(0555));
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const auto state = open(open_mode::read_only);
    ::_exit(state && state->durable && state->file.number("SELECT count(*) FROM engines").value_or(0) == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  fs::permissions(folder.path(), fs::perms(0755));
}

TEST_F(state_file, that_is_not_there_is_not_made_by_who_only_reads) {
  const auto state = open(open_mode::read_only);
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->durable);
  EXPECT_FALSE(fs::exists(path));
}

// A file system without room, as far as a process can make itself one: files may not grow beyond a limit.
TEST_F(state_file, on_a_full_disk_says_so_in_words_and_nothing_crashes) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    auto made = store::make_sqlite_store(path, open_mode::read_write, log);
    if (!made || !(*made)->durable()) ::_exit(2);
    const rlimit room{64 * 1024, 64 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &room);
    boost::asio::io_context context{1};
    core::image_details big;
    big.id = "sha256:big";
    big.platform.assign(200'000, 'x');
    const auto saved = run_task(context, (*made)->save_image_details("e", {big}));
    if (saved || saved.error().code != core::failure_code::storage) ::_exit(3);
    if (saved.error().message.find(path) == std::string::npos ||
        saved.error().message.find("full") == std::string::npos)
      ::_exit(4);
    core::image_details small;
    small.id = "sha256:small";
    if (!run_task(context, (*made)->load_image_details("e"))) ::_exit(5);
    made->reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

TEST_F(state_file, on_a_disk_that_is_full_from_the_start_is_kept_in_memory) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit room{0, 0};
    ::setrlimit(RLIMIT_FSIZE, &room);
    const auto state = open();
    ::_exit(state && !state->durable && !log.only("state_in_memory").empty() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace docksweep::test
