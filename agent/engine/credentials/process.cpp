// A spawned program, its pipes, and the watch on its end. Callbacks read; the coroutine waits for one timer, which they
// cut short.
#include "engine/credentials/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <memory>

namespace docksweep::engine {
namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto look_interval = 10ms;  // without pidfd
constexpr auto reaping_limit = 2s;    // after SIGKILL; only a program that hangs in the kernel takes longer

// A file descriptor with an owner.
class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() { reset(); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct pipe_ends {
  descriptor read, write;

  // 0 or errno. Both ends are above stderr, so that they are in nobody's way when the program's own are put in place.
  int open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
    read.reset(ends[0]);
    write.reset(ends[1]);
    const int error = raise(read);
    return error != 0 ? error : raise(write);
  }

 private:
  static int raise(descriptor& end) {
    if (end.get() > STDERR_FILENO) return 0;
    const int fd = ::fcntl(end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0) return errno;
    end.reset(fd);
    return 0;
  }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& each : texts) out.push_back(const_cast<char*>(each.c_str()));
  out.push_back(nullptr);
  return out;
}

// posix_spawn's settings: a group of its own, no other descriptor of ours, signals as a new program expects them
// (the agent ignores SIGPIPE).
class spawn_settings {
 public:
  spawn_settings() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~spawn_settings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;

  // 0 or errno
  int spawn(pid_t& pid, const process_request& request, int in, int out, int err) {
    ::posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    std::vector<std::string> words{request.program};
    words.insert(words.end(), request.arguments.begin(), request.arguments.end());
    const auto arguments = pointers(words), environment = pointers(request.environment);
    return ::posix_spawn(&pid, request.program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// What the coroutine and the callbacks share; it lives until the program is reaped, even when nobody waits any more.
class child : public std::enable_shared_from_this<child> {
 public:
  child(asio::any_io_executor executor, const process_request& request)
      : out_(executor),
        err_(executor),
        pidfd_(executor),
        look_(executor),
        wake_(std::move(executor)),
        limit_(request.output_limit_bytes) {}
  ~child() { reap(); }

  // 0 or errno
  int start(const process_request& request) {
    pipe_ends in, out, err;
    for (auto* each : {&in, &out, &err}) {
      if (const int error = each->open(); error != 0) return error;
    }
    // An empty pipe takes this at once, and while its other end is ours there is nobody to break it.
    if (::write(in.write.get(), request.input.data(), request.input.size()) < 0) return errno;
    in.write.reset();
    spawn_settings settings;
    if (const int error = settings.spawn(pid_, request, in.read.get(), out.write.get(), err.write.get()); error != 0) {
      pid_ = 0;
      return error;
    }
    take(out_, out.read, outcome.output);
    take(err_, err.read, outcome.errors);
    watch(request.use_pidfd);
    return 0;
  }

  // Kills what is left of the group; its number cannot be another's while the program is not reaped.
  void kill_group() {
    if (pid_ != 0) ::kill(-pid_, SIGKILL);
  }
  // No more is read; the watch on the program's end goes on.
  void stop_reading() {
    error_code ignored;
    out_.close(ignored);
    err_.close(ignored);
  }
  bool ended() const { return pid_ == 0; }
  bool flooded() const { return flooded_; }
  asio::steady_timer& wake() { return wake_; }

  process_outcome outcome;

 private:
  using stream = asio::posix::stream_descriptor;

  void take(stream& to, descriptor& from, std::string& into) {
    ::fcntl(from.get(), F_SETFL, O_NONBLOCK);
    to.assign(from.release());
    read_when_ready(to, into);
  }

  void read_when_ready(stream& from, std::string& into) {
    from.async_wait(stream::wait_read, [self = shared_from_this(), &from, &into](error_code error) {
      if (!error && from.is_open() && self->read_some(from, into)) self->read_when_ready(from, into);
    });
  }

  // Reads what is there; false: no more will come, or it is too much.
  bool read_some(stream& from, std::string& into) {
    char piece[4096];
    for (;;) {
      const auto got = ::read(from.native_handle(), piece, sizeof piece);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      into.append(piece, static_cast<std::size_t>(got));
      ::explicit_bzero(piece, sizeof piece);
      if (into.size() > limit_) {
        flooded_ = true;
        wake_.cancel();
        return false;
      }
    }
  }

  void watch(bool use_pidfd) {
    const int fd = use_pidfd ? static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)) : -1;
    if (fd < 0) return look_later();  // a kernel before 5.3, or a seccomp profile that does not know the call
    pidfd_.assign(fd);
    pidfd_.async_wait(stream::wait_read, [self = shared_from_this()](error_code error) {
      if (!error) self->look();
    });
  }
  void look_later() {
    look_.expires_after(look_interval);
    look_.async_wait([self = shared_from_this()](error_code error) {
      if (error) return;
      self->look();
      if (!self->ended()) self->look_later();
    });
  }

  void look() {
    siginfo_t info{};
    // It stays a zombie (WNOWAIT) until the rest of its group is killed, so that the number stays its own.
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) return;
    if (out_.is_open() && !flooded_) read_some(out_, outcome.output);
    if (err_.is_open() && !flooded_) read_some(err_, outcome.errors);
    stop_reading();
    kill_group();
    reap();
    wake_.cancel();
  }

  void reap() {
    if (pid_ == 0) return;
    int status = 0;
    const auto got = ::waitpid(pid_, &status, WNOHANG);
    if (got == 0) return;
    outcome.how = got < 0               ? process_outcome::end::unknown
                  : WIFSIGNALED(status) ? process_outcome::end::signalled
                                        : process_outcome::end::exited;
    outcome.status = got < 0 ? 0 : WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    pid_ = 0;
  }

  stream out_, err_, pidfd_;
  asio::steady_timer look_, wake_;
  std::size_t limit_;
  pid_t pid_ = 0;  // 0: not started, or reaped
  bool flooded_ = false;
};

// However the coroutine ends, nothing of the group goes on.
struct ending {
  std::shared_ptr<child> what;
  ~ending() {
    what->kill_group();
    what->stop_reading();
  }
};

}  // namespace

app::task<core::result<process_outcome>> run_process(asio::any_io_executor executor, process_request request) {
  using end = process_outcome::end;
  if (request.input.size() > input_limit_bytes) {
    co_return core::fail(core::failure_code::invalid, fmt::format("the input of {} is too long", request.program));
  }
  const auto running = std::make_shared<child>(executor, request);
  const ending at_the_end{running};
  if (const int error = running->start(request); error != 0) {
    process_outcome none;
    none.how = end::unstarted;
    none.status = error;
    co_return none;
  }

  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  auto& wake = running->wake();
  wake.expires_after(request.timeout);
  co_await wake.async_wait(token);
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    co_return core::fail(core::failure_code::cancelled, fmt::format("{} was stopped", request.program));
  }
  const auto how = running->flooded() ? end::flooded : end::timed_out;
  const bool was_stopped = !running->ended() || running->flooded();
  if (!running->ended()) {
    running->kill_group();
    running->stop_reading();
    wake.expires_after(reaping_limit);
    co_await wake.async_wait(token);
  }
  auto outcome = std::move(running->outcome);
  if (was_stopped) outcome.how = how;
  co_return outcome;
}

}  // namespace docksweep::engine
