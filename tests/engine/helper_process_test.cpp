// Credential helpers that answer, hang, flood, lie, fail and vanish.
#include "engine/credentials/helper_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <ostream>

#include "helper_scripts.hpp"

namespace docksweep {
namespace {

using namespace std::chrono_literals;
using core::failure_code;
using engine::credential;
using testing::HasSubstr;
using testing::Not;
using answer = core::result<std::optional<credential>>;
using clock = std::chrono::steady_clock;

// What no message, command line or environment may hold.
const std::string the_secret = "hunter2-Qx9";
const std::string good_answer = R"(echo '{"ServerURL":"reg.example.com","Username":"user","Secret":"hunter2-Qx9"}')";

class helper_processes : public test::helper_scripts {
 protected:
  engine::helper_question question(const std::string& name, const std::string& registry = "reg.example.com") {
    return {
        .name = name, .registry = registry, .search_path = search_path(), .timeout = timeout, .use_pidfd = use_pidfd};
  }
  answer ask(const std::string& name, const std::string& registry = "reg.example.com") {
    return test::run_task(context, engine::ask_helper(context.get_executor(), question(name, registry)));
  }
  // Asks, expects a failure that names both and repeats nothing, and returns it.
  core::failure failure_of(const std::string& name) {
    const auto got = ask(name);
    EXPECT_FALSE(got) << name;
    if (got) return {};
    EXPECT_THAT(got.error().message, HasSubstr("docker-credential-" + name));
    EXPECT_THAT(got.error().message, HasSubstr("reg.example.com"));
    EXPECT_THAT(got.error().message, Not(HasSubstr(the_secret)));
    return got.error();
  }

  std::chrono::milliseconds timeout = 15s;
  bool use_pidfd = true;
};

// With the watch on a pidfd, and as on a kernel that has none.
class on_each_kernel : public helper_processes, public testing::WithParamInterface<bool> {
 protected:
  on_each_kernel() { use_pidfd = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(pidfd, on_each_kernel, testing::Bool());

TEST_P(on_each_kernel, a_helper_is_asked_as_docker_does_and_answers) {
  helper("works", "echo \"$@\" > $here/arguments; cat > $here/input; " + good_answer);
  const auto got = ask("works");
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->username, "user");
  EXPECT_EQ((*got)->value.reveal(), the_secret);
  EXPECT_EQ((*got)->is, credential::kind::password);
  EXPECT_EQ(read("arguments"), "get\n");
  EXPECT_EQ(read("input"), "reg.example.com\n");
}

TEST_P(on_each_kernel, a_helper_that_hangs_is_killed_with_all_its_children) {
  timeout = 1000ms;
  helper("hangs", "sleep 60 & echo $! > $here/child; echo $$ > $here/parent; " + good_answer + "; sleep 60; echo");
  const auto began = clock::now();
  const auto failure = failure_of("hangs");
  EXPECT_LT(clock::now() - began, 5s);
  EXPECT_EQ(failure.code, failure_code::timeout);
  EXPECT_THAT(failure.message, HasSubstr("did not answer within 1000 ms"));
  EXPECT_TRUE(is_reaped(read("parent")));
  EXPECT_TRUE(ends_soon(read("child")));
}

TEST_P(on_each_kernel, a_child_that_holds_the_pipes_is_not_waited_for) {
  helper("leaves", "sleep 60 & echo $! > $here/child; " + good_answer);
  const auto began = clock::now();
  const auto got = ask("leaves");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ((*got)->value.reveal(), the_secret);
  EXPECT_LT(clock::now() - began, 5s);
  EXPECT_TRUE(ends_soon(read("child")));
}

TEST_P(on_each_kernel, a_helper_that_closes_its_output_and_hangs_is_killed) {
  timeout = 1000ms;
  helper("closes", "echo $$ > $here/parent; exec >&- 2>&-; sleep 60");
  EXPECT_EQ(failure_of("closes").code, failure_code::timeout);
  EXPECT_TRUE(is_reaped(read("parent")));
}

TEST_P(on_each_kernel, a_cancelled_question_kills_and_reaps_the_helper) {
  helper("waits", "sleep 60 & echo $! > $here/child; echo $$ > $here/parent; sleep 60");
  boost::asio::cancellation_signal signal;
  std::optional<answer> got;
  bool thrown = false;
  boost::asio::co_spawn(context, engine::ask_helper(context.get_executor(), question("waits")),
                        boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error, answer value) {
                          thrown = error != nullptr;
                          got = std::move(value);
                        }));
  const auto parent = wait_for("parent");
  signal.emit(boost::asio::cancellation_type::terminal);
  context.restart();
  context.run_for(2s);
  ASSERT_TRUE(got);
  if (!thrown) {
    ASSERT_FALSE(*got);
    EXPECT_EQ(got->error().code, failure_code::cancelled);
  }
  EXPECT_TRUE(is_reaped(parent));
  EXPECT_TRUE(ends_soon(read("child")));
}

TEST_F(helper_processes, a_destroyed_context_leaves_no_helper_behind) {
  helper("waits", "sleep 60 & echo $! > $here/child; echo $$ > $here/parent; sleep 60");
  {
    boost::asio::io_context other;
    boost::asio::co_spawn(other, engine::ask_helper(other.get_executor(), question("waits")), [](auto...) {});
    other.run_for(50ms);
    wait_for("parent");
  }
  EXPECT_TRUE(ends_soon(read("parent")));
  EXPECT_TRUE(ends_soon(read("child")));
}

TEST_P(on_each_kernel, the_io_context_goes_on_while_a_helper_thinks) {
  helper("thinks", "sleep 0.5; " + good_answer);
  int ticks = 0;
  boost::asio::steady_timer timer(context);
  std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code error) {
    if (error) return;
    ++ticks;
    timer.expires_after(10ms);
    timer.async_wait(tick);
  };
  tick({});
  ASSERT_TRUE(ask("thinks"));
  EXPECT_GT(ticks, 15);
}

TEST_P(on_each_kernel, a_helper_that_floods_is_stopped) {
  for (const std::string where : {"", " >&2"}) {
    helper("floods", "echo $$ > $here/parent; echo hunter2-Qx9" + where + "; exec cat /dev/zero" + where);
    const auto began = clock::now();
    const auto failure = failure_of("floods");
    EXPECT_LT(clock::now() - began, 5s);
    EXPECT_EQ(failure.code, failure_code::too_large);
    EXPECT_TRUE(is_reaped(read("parent")));
  }
}

// A last piece that arrives together with the end counts, too.
TEST_P(on_each_kernel, output_is_limited_to_64_kib_also_where_the_helper_ends) {
  helper("full", "head -c 65000 /dev/zero | tr '\\0' ' '; " + good_answer);
  EXPECT_TRUE(ask("full"));
  helper("fuller", "head -c 65536 /dev/zero | tr '\\0' ' '; " + good_answer);
  EXPECT_EQ(failure_of("fuller").code, failure_code::too_large);
}

// The end is seen (here by a look that was due already) before the io_context had a chance to see the output.
TEST_F(helper_processes, what_a_helper_wrote_last_is_read_though_its_end_is_seen_first) {
  use_pidfd = false;
  helper("late", "echo $$ > $here/pid; until [ -e $here/go ]; do sleep 0.01; done; " + good_answer);
  std::optional<answer> got;
  boost::asio::co_spawn(context, engine::ask_helper(context.get_executor(), question("late")),
                        [&](std::exception_ptr, answer value) { got = std::move(value); });
  const auto pid = wait_for("pid");
  boost::asio::post(context, [&] {
    boost::asio::post(context, [&] {
      write(folder.file("go"), "");
      EXPECT_TRUE(ends_soon(pid));
    });
    std::this_thread::sleep_for(50ms);  // the next look is due now, and comes right after what was posted
  });
  context.restart();
  context.run_for(5s);
  ASSERT_TRUE(got);
  ASSERT_TRUE(*got) << got->error().message;
  EXPECT_EQ((**got)->value.reveal(), the_secret);
}

TEST_F(helper_processes, the_hub_is_asked_for_by_its_address) {
  helper("hub",
         "cat > $here/input; echo '{\"ServerURL\":\"https://index.docker.io/v1/\",\"Username\":\"<token>\","
         "\"Secret\":\"abc\"}'");
  const auto got = ask("hub", "docker.io");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ((*got)->is, credential::kind::identity_token);
  EXPECT_EQ((*got)->value.reveal(), "abc");
  EXPECT_EQ(read("input"), "https://index.docker.io/v1/\n");
}

TEST_F(helper_processes, a_helper_that_knows_nothing_is_no_failure) {
  for (const std::string body : {"cat >/dev/null; echo 'credentials not found in native keychain'; exit 1",
                                 "echo; echo ' credentials not found in native keychain '; exit 3",
                                 "echo 'The specified item could not be found in the keychain.'; exit 1",
                                 "echo '{\"ServerURL\":\"\",\"Username\":\"\",\"Secret\":\"\"}'", "echo '{}'"}) {
    helper("none", body);
    const auto got = ask("none");
    ASSERT_TRUE(got) << body << got.error().message;
    EXPECT_FALSE(*got) << body;
  }
}

TEST_F(helper_processes, a_helper_that_does_not_read_its_input_is_fine) {
  helper("deaf", "exec <&-; " + good_answer);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(ask("deaf"));
}

struct lie {
  std::string_view output, words;
};
constexpr lie lies[] = {
    {"hunter2-Qx9", "no JSON object"},
    {"", "no JSON object"},
    {R"(["hunter2-Qx9"])", "no JSON object"},
    {R"({"Username":"user","Secret":"hunter2-Qx9")", "no JSON object"},
    {R"({"Username":"user","Secret":"hunter2-Qx9"} x)", "no JSON object"},
    {R"({"Username":"user","Secret":["hunter2-Qx9"]})", "no text"},
    {R"({"Username":7,"Secret":"hunter2-Qx9"})", "no text"},
    {R"({"Username":"user"})", "without a secret"},
    {R"({"Secret":"hunter2-Qx9"})", "without a user name"},
    {R"({"ServerURL":"evil.example.com","Username":"user","Secret":"hunter2-Qx9"})", "for another registry"},
    {R"({"ServerURL":"reg.example.com:5000","Username":"user","Secret":"hunter2-Qx9"})", "for another registry"},
    {R"({"ServerURL":"*.example.com","Username":"user","Secret":"hunter2-Qx9"})", "for another registry"},
    {R"({"ServerURL":"https://index.docker.io/v1/","Username":"user","Secret":"hunter2-Qx9"})", "for another registry"},
    {R"({"ServerURL":"hunter2-Qx9@reg.example.com","Username":"user","Secret":"x"})", "for another registry"},
    {"credentials not found in native keychain", "no JSON object"},  // with exit status 0 that is no answer
};

TEST_F(helper_processes, a_helper_that_lies_is_not_believed) {
  for (const auto& each : lies) {
    helper("lies", fmt::format("cat <<'END'\n{}\nEND", each.output));
    const auto failure = failure_of("lies");
    EXPECT_EQ(failure.code, failure_code::malformed) << each.output;
    EXPECT_THAT(failure.message, HasSubstr(std::string(each.words)));
    EXPECT_THAT(failure.message, HasSubstr("echo reg.example.com | docker-credential-lies get"));
  }
}

TEST_F(helper_processes, an_answer_for_the_registry_in_another_spelling_is_believed) {
  for (const std::string server : {"https://REG.example.com", "reg.example.com", "http://reg.example.com/v2/", ""}) {
    helper("spells", "echo '{\"ServerURL\":\"" + server + "\",\"Username\":\"user\",\"Secret\":\"x\",\"More\":[1]}'");
    EXPECT_TRUE(ask("spells")) << server;
  }
  helper("short", R"(echo '{"Username":"user","Secret":"x"}')");
  EXPECT_TRUE(ask("short"));
}

TEST_F(helper_processes, a_failed_helper_is_quoted_from_stderr_without_what_may_be_secret) {
  helper("fails",
         "echo hunter2-Qx9; echo 'cannot open the wallet: no such file (hunter2-Qx9)' >&2; echo more >&2; exit 7");
  const auto failure = failure_of("fails");
  EXPECT_EQ(failure.code, failure_code::refused);
  EXPECT_THAT(failure.message,
              HasSubstr("failed with exit status 7 (it said: cannot open the wallet: no such file …)"));
  EXPECT_THAT(failure.message, Not(HasSubstr("more")));
  helper("dies", "kill -SEGV $$");
  EXPECT_THAT(failure_of("dies").message, HasSubstr("ended by signal 11"));
}

TEST_F(helper_processes, a_helper_that_is_not_there_or_cannot_run_is_told_apart) {
  EXPECT_THAT(failure_of("missing").message, HasSubstr("is in no folder of PATH"));

  helper("locked", good_answer);
  std::filesystem::permissions(program("locked"), std::filesystem::perms::owner_read);
  EXPECT_THAT(failure_of("locked").message, HasSubstr("make it executable"));

  std::filesystem::create_directory(program("folder"));
  EXPECT_THAT(failure_of("folder").message, HasSubstr("is in no folder of PATH"));

  write(program("script"), good_answer);  // not a program, and no shell is to guess
  std::filesystem::permissions(program("script"), std::filesystem::perms::owner_all);
  EXPECT_THAT(failure_of("script").message, HasSubstr("could not be started"));

  write(program("gone"), "#!/nowhere/interpreter\n");
  std::filesystem::permissions(program("gone"), std::filesystem::perms::owner_all);
  const auto failure = failure_of("gone");
  EXPECT_THAT(failure.message, HasSubstr("could not be started"));
  EXPECT_EQ(failure.code, failure_code::invalid);
}

TEST_F(helper_processes, a_name_that_is_no_file_name_is_never_run) {
  const std::string names[] = {"", "../../bin/true", "a/b", "a b", "x;touch y", "$(x)", "x\ny", std::string(65, 'a')};
  for (const auto& name : names) {
    const auto got = ask(name);
    ASSERT_FALSE(got) << name;
    EXPECT_THAT(got.error().message, HasSubstr("the credential helper for reg.example.com has a name that is none"));
  }
}

TEST_F(helper_processes, a_helper_is_never_taken_from_the_working_folder) {
  helper("here", good_answer);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path() / "bin");
  for (const std::string path : {"", ".", ":", "../bin", "::/nowhere:"}) {
    auto asked = question("here");
    asked.search_path = path;
    EXPECT_FALSE(test::run_task(context, engine::ask_helper(context.get_executor(), asked))) << path;
  }
  std::filesystem::current_path(before);
}

TEST_F(helper_processes, nothing_secret_is_in_a_helpers_command_line_or_environment) {
  ::setenv("DOCKER_AUTH_CONFIG", ("{\"" + the_secret + "\"}").c_str(), 1);
  ::setenv("DOCKSWEEP_TEST_KEPT", "kept", 1);
  timeout = 3s;
  helper("shows", "tr '\\0' '\\n' < /proc/$$/environ > $here/own; echo $$ > $here/pid; sleep 60");
  std::optional<answer> got;
  boost::asio::co_spawn(context, engine::ask_helper(context.get_executor(), question("shows")),
                        [&](std::exception_ptr, answer value) { got = std::move(value); });
  const auto pid = std::to_string(std::stol(wait_for("pid")));
  ::unsetenv("DOCKER_AUTH_CONFIG");
  ::unsetenv("DOCKSWEEP_TEST_KEPT");
  for (const std::string file : {"cmdline", "environ"}) {
    std::ifstream in("/proc/" + pid + "/" + file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_FALSE(text.str().empty());
    EXPECT_THAT(text.str(), Not(HasSubstr(the_secret))) << file;
  }
  EXPECT_THAT(read("own"), HasSubstr("PATH=" + search_path() + "\n"));
  EXPECT_THAT(read("own"), HasSubstr("DOCKSWEEP_TEST_KEPT=kept\n"));
  EXPECT_THAT(read("own"), Not(HasSubstr("DOCKER_AUTH_CONFIG")));
  context.restart();
  context.run_for(6s);
  EXPECT_TRUE(got);
}

TEST_F(helper_processes, a_helper_gets_plain_signals_and_no_file_of_ours) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const int file = ::open(folder.file("ours").c_str(), O_RDWR | O_CREAT, 0600);  // without O_CLOEXEC
  helper("looks", "grep SigIgn /proc/$$/status > $here/ignored; ls -l /proc/$$/fd > $here/files; " + good_answer);
  EXPECT_TRUE(ask("looks"));
  ::close(file);
  std::signal(SIGPIPE, before);
  const auto ignored = std::stoull(read("ignored").substr(std::string("SigIgn:").size()), nullptr, 16);
  EXPECT_EQ(ignored & 0x7FFF'FFFF, 0u);  // beyond are libc's own
  EXPECT_THAT(read("files"), HasSubstr("pipe:"));
  EXPECT_THAT(read("files"), Not(HasSubstr("ours")));
}

TEST_F(helper_processes, no_failure_repeats_the_secret_however_a_helper_spills_it) {
  const std::string spills[] = {"echo hunter2-Qx9",
                                "echo hunter2-Qx9 >&2",
                                "echo secret: hunter2-Qx9 >&2",
                                "printf 'x\\r\\nhunter2-Qx9' >&2",
                                "printf 'hunter2-Qx9\\0hunter2-Qx9' >&2",
                                "echo https://user:hunter2-Qx9@reg.example.com/ is wrong >&2"};
  const std::string ends[] = {"exit 0",
                              "exit 1",
                              "exit 127",
                              "kill -9 $$",
                              "sleep 60",
                              "exec cat /dev/zero",
                              "echo 'no credentials server URL'; exit 1"};
  timeout = 200ms;
  for (const auto& spill : spills) {
    for (const auto& end : ends) {
      helper("spills", spill + "; " + end);
      EXPECT_THAT(failure_of("spills").message, Not(HasSubstr("hunter"))) << spill << end;
    }
  }
}

}  // namespace
}  // namespace docksweep
